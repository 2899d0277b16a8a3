"""How fast do the contents of a pump-leak cell change? Rates of change and their exact Jacobian.

State y, all scaled to the cell water at the start (volume 1): sodium amount (mM), chloride amount (mM), membrane charge per
starting area over capacitance (mV), volume (1), ATP amount (mM). Potassium is not a state: charge fixes it,

    K = eps u - Na + Cl - z X,      eps = 1e-3 C (A/w) / F      (mM per mV)

so that the cell carries, to rounding, exactly the charge that its membrane capacitance holds at its voltage V = u / (A/A0).
What crosses the membrane (µA/cm² equivalents, positive = out of the cell):

    Na: i_Na + n p I(pump) - j(NKCC1)      K: i_K - m p I(pump) + j(KCC2) - j(NKCC1)      Cl: -i_Cl + j(KCC2) - 2 j(NKCC1)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selectivity.constants import FARADAY, thermal_voltage
from selectivity.membrane.pump import pump_slopes
from selectivity.membrane.pump_leak import AREA_EXPONENTS, MOBILE_IONS, VALENCE, WATER_MOLAR_VOLUME, PumpLeakCell
from selectivity.membrane.pump_leak_state import AtpSensitivity, CellState, Drive

SODIUM, CHLORIDE, CHARGE, VOLUME, ATP = range(5)
N_STATES = 5

State = NDArray[np.float64]
"""A state vector (5,) or one of its Jacobians."""

Triple = tuple[float, float, float]
"""Na, K, Cl, in this order."""

FLOOR_MM = 1e-9
"""A solver's trial step may overshoot below zero; the logarithm then sees this instead and pushes back."""

SERIES_BELOW = 1e-4
"""|u| below which u/(1 - exp(-u)) is taken from its series, whose error there (u⁴/720) is below rounding."""


class PumpLeakEquations:
    """Right-hand side and Jacobian for one cell under one drive; `rates(t, y)` with t in s since the phase began."""

    def __init__(self, cell: PumpLeakCell, drive: Drive | None = None, atp: AtpSensitivity | None = None):
        drive = drive or Drive()
        self.cell, self.drive, self.atp = cell, drive, atp
        self.rt = thermal_voltage(cell.temperature)
        factor = dict(drive.leak or {})
        self.g = {i: 1e-3 * cell.conductance_us_per_cm2.get(i, 0.0) * factor.get(i, 1.0) for i in MOBILE_IONS}
        # mM times cm/s is 1e-6 mol/cm2/s; times F and in µA that is F itself
        self.p = {i: FARADAY * cell.permeability_cm_per_s.get(i, 0.0) * factor.get(i, 1.0) for i in MOBILE_IONS}
        self.g_kcc2 = 1e-3 * cell.kcc2_us_per_cm2 * factor.get("KCC2", 1.0)
        self.g_nkcc1 = 1e-3 * cell.nkcc1_us_per_cm2 * factor.get("NKCC1", 1.0)
        self.k = cell.area_per_volume_per_cm / FARADAY
        self.eps = 1e-3 * self.k * cell.capacitance_uf_per_cm2
        self.exponent = AREA_EXPONENTS[cell.shape]
        self.water = cell.water_permeability_cm_per_s * WATER_MOLAR_VOLUME * cell.area_per_volume_per_cm * 1e-6
        if drive.fixed_volume:
            self.water = 0.0
        self.fixed_charge = cell.impermeant_valence * cell.impermeant_inside_mm
        self._close_bath()

    def _close_bath(self) -> None:
        """Total amounts of a closed system: what the published starting state and its bath hold together."""
        cell, ratio = self.cell, self.cell.bath_to_cell_volume
        self.open_bath: Triple = (cell.outside["Na"], cell.outside["K"], cell.outside["Cl"])
        self.total: Triple | None = None
        self.total_volume, self.impermeant_bath = math.inf, cell.impermeant_outside_mm
        if ratio is None:
            return
        na, cl = cell.inside["Na"], cell.inside["Cl"]
        k = cl - na - self.fixed_charge
        na_o, k_o, cl_o = (ratio * outside for outside in self.open_bath)
        self.total = (na + na_o, k + k_o, cl + cl_o)
        self.total_volume, self.impermeant_bath = 1.0 + ratio, ratio * cell.impermeant_outside_mm

    # --- state and concentrations -------------------------------------------------------------------------------------

    def start(
        self, v_mv: float, *, volume: float = 1.0, sodium: float | None = None, chloride: float | None = None
    ) -> State:
        """State vector at voltage `v_mv` with the cell's own (or the given, mM) concentrations."""
        na = self.cell.inside["Na"] if sodium is None else sodium
        cl = self.cell.inside["Cl"] if chloride is None else chloride
        resting_atp = self.atp.resting_mm if self.atp else 0.0
        return np.array([na * volume, cl * volume, v_mv * volume**self.exponent, volume, resting_atp])

    def potassium(self, y: Sequence[float] | State) -> float:
        """Amount of K+ (mM of starting volume) that the charge balance leaves."""
        return self.eps * y[CHARGE] - y[SODIUM] + y[CHLORIDE] - self.fixed_charge

    def _concentrations(self, y: Sequence[float]) -> tuple[Triple, Triple, float, float]:
        amounts = (y[SODIUM], self.potassium(y), y[CHLORIDE])
        volume = max(y[VOLUME], FLOOR_MM)
        na, k, cl = (max(a / volume, FLOOR_MM) for a in amounts)
        if self.total is None:
            return (na, k, cl), self.open_bath, volume, math.inf
        bath = self.total_volume - volume
        na_o, k_o, cl_o = (max((t - a) / bath, FLOOR_MM) for t, a in zip(self.total, amounts, strict=True))
        return (na, k, cl), (na_o, k_o, cl_o), volume, bath

    def state(self, t: float, y: State) -> CellState:
        """Everything that can be said about the cell in state `y` (shape 5), `t` seconds into the phase."""
        values: list[float] = y.tolist()
        inside, outside, volume, _ = self._concentrations(values)
        area = volume**self.exponent
        v, u = values[CHARGE] / area, values[CHARGE] / area / self.rt
        named_in, named_out = dict(zip(MOBILE_IONS, inside, strict=True)), dict(zip(MOBILE_IONS, outside, strict=True))
        nernst = {ion: VALENCE[ion] * self.rt * math.log(named_out[ion] / named_in[ion]) for ion in MOBILE_IONS}
        leak = {i: self.g[i] * (v - nernst[i]) + self._goldman(i, u, named_in[i], named_out[i]) for i in MOBILE_IONS}
        activity = self.activity(t, values[ATP])
        return CellState(
            v_mv=v,
            inside_mm=named_in,
            outside_mm=named_out,
            nernst_mv=nernst,
            volume=volume,
            area_ratio=area,
            impermeant_mm=self.cell.impermeant_inside_mm / volume,
            atp_mm=values[ATP],
            leak_ua_per_cm2=leak,
            pump_activity=activity,
            pump_cycle_ua_per_cm2=activity * pump_slopes(self.cell.pump, inside[0], outside[0], outside[1], u)[0],
            kcc2_ua_per_cm2=self.g_kcc2 * (nernst["Cl"] - nernst["K"]),
            nkcc1_ua_per_cm2=self.g_nkcc1 * (nernst["Na"] + nernst["K"] - 2.0 * nernst["Cl"]),
        )

    # --- rates --------------------------------------------------------------------------------------------------------

    def activity(self, t: float, atp: float) -> float:
        """Share of the pumps that run, from the drive and from ATP."""
        d = self.drive
        decay = math.exp(-t / d.pump_time_constant_s) if d.pump_time_constant_s > 0 else 0.0
        return (d.pump_end + (d.pump_start - d.pump_end) * decay) * self._atp_share(atp)[0]

    def _atp_share(self, atp: float) -> tuple[float, float]:
        if self.atp is None:
            return 1.0, 0.0
        atp, km = max(atp, 0.0), self.atp.km_mm
        full = self.atp.resting_mm / (self.atp.resting_mm + km)
        return atp / (atp + km) / full, km / (atp + km) ** 2 / full

    def rates(self, t: float, y: State) -> list[float]:
        """dy/dt per second."""
        values: list[float] = y.tolist()
        inside, outside, volume, bath = self._concentrations(values)
        (na, k, cl), (na_o, k_o, cl_o) = inside, outside
        area = volume**self.exponent
        v, rt = values[CHARGE] / area, self.rt
        e_na, e_k, e_cl = rt * math.log(na_o / na), rt * math.log(k_o / k), -rt * math.log(cl_o / cl)
        u = v / rt
        i_na = self.g["Na"] * (v - e_na) + self._goldman("Na", u, na, na_o)
        i_k = self.g["K"] * (v - e_k) + self._goldman("K", u, k, k_o)
        i_cl = self.g["Cl"] * (v - e_cl) + self._goldman("Cl", u, cl, cl_o)
        cycle = self.activity(t, values[ATP]) * pump_slopes(self.cell.pump, na, na_o, k_o, u)[0]
        kcc2 = self.g_kcc2 * (e_cl - e_k)
        nkcc1 = self.g_nkcc1 * (e_na + e_k - 2.0 * e_cl)
        n, m = self.cell.stoichiometry.sodium, self.cell.stoichiometry.potassium
        charge = i_na + i_k + i_cl + (n - m) * cycle
        ka = self.k * area
        return [
            -ka * (i_na + n * cycle - nkcc1),
            -ka * (-i_cl + kcc2 - 2.0 * nkcc1),
            -1e3 * area * charge / self.cell.capacitance_uf_per_cm2,
            self.water * area * self._osmotic_excess(inside, outside, volume, bath),
            self._atp_rate(values[ATP], ka * cycle),
        ]

    def _osmotic_excess(self, inside: Triple, outside: Triple, volume: float, bath: float) -> float:
        """Osmolarity inside minus outside, mM."""
        impermeant_out = self.impermeant_bath if self.total is None else self.impermeant_bath / bath
        return sum(inside) + self.cell.impermeant_inside_mm / volume - sum(outside) - impermeant_out

    def _atp_rate(self, atp: float, use: float) -> float:
        d = self.drive
        if self.atp is None or (d.atp_clamped and d.atp_recovery_s == 0):
            return 0.0
        if d.atp_clamped:
            return (self.atp.resting_mm - atp) / d.atp_recovery_s
        other = d.other_atp_use_mm_per_s * self._atp_share(atp)[0]
        return -(use + other)

    def _goldman(self, ion: str, u: float, inside: float, outside: float) -> float:
        p = self.p[ion]
        if p == 0.0:
            return 0.0
        z = VALENCE[ion]
        return p * z * (inside * bernoulli(z * u)[0] - outside * bernoulli(-z * u)[0])

    # --- Jacobian -----------------------------------------------------------------------------------------------------

    def jacobian(self, t: float, y: State) -> State:
        """d(rates)/dy, 5x5, by the chain rule through the seven variables (Na, K, Cl in and out, V) that the membrane sees."""
        values: list[float] = y.tolist()
        inside, outside, volume, bath = self._concentrations(values)
        area = volume**self.exponent
        area_slope = self.exponent * area / volume
        seen = self._seen_slopes(inside, outside, volume, bath, values[CHARGE], area, area_slope)
        flux, slope, pump = self._fluxes_and_slopes(inside, outside, values[CHARGE] / area, t, values[ATP])
        by_state = slope @ seen  # rows: Na, K, Cl effluxes, pump cycle; columns: the four mechanical states
        share, share_slope = self._atp_share(values[ATP])
        by_atp = pump * (share_slope / share if share > 0 else 0.0)
        jac = np.zeros((N_STATES, N_STATES))
        n, m = self.cell.stoichiometry.sodium, self.cell.stoichiometry.potassium
        for row, column in ((SODIUM, 0), (CHLORIDE, 2)):
            jac[row, :4] = -self.k * area * by_state[column]
            jac[row, VOLUME] -= self.k * area_slope * flux[column]
        per_volt = -1e3 / self.cell.capacitance_uf_per_cm2
        jac[CHARGE, :4] = per_volt * area * (by_state[0] + by_state[1] - by_state[2])
        jac[CHARGE, VOLUME] += per_volt * area_slope * (flux[0] + flux[1] - flux[2])
        jac[SODIUM, ATP], jac[CHARGE, ATP] = -self.k * area * n * by_atp, per_volt * area * (n - m) * by_atp
        jac[VOLUME, :4] = self._water_slopes(inside, outside, volume, bath, area, area_slope, seen)
        self._atp_slopes(jac, area, area_slope, pump, by_state[3], by_atp, share_slope)
        return jac

    def _seen_slopes(
        self, inside: Triple, outside: Triple, volume: float, bath: float, charge: float, area: float, area_slope: float
    ) -> State:
        """7x4: d(Na_i, K_i, Cl_i, Na_o, K_o, Cl_o, V)/d(Na, Cl, charge, volume)."""
        amounts = np.array([[1.0, 0, 0], [-1.0, 1.0, self.eps], [0, 1.0, 0]])
        seen = np.zeros((7, 4))
        seen[:3, :3] = amounts / volume
        seen[:3, 3] = [-c / volume for c in inside]
        if self.total is not None:
            seen[3:6, :3] = -amounts / bath
            seen[3:6, 3] = [c / bath for c in outside]
        seen[6, CHARGE], seen[6, VOLUME] = 1.0 / area, -charge * area_slope / area**2
        return seen

    def _fluxes_and_slopes(
        self, inside: Triple, outside: Triple, v: float, t: float, atp: float
    ) -> tuple[State, State, float]:
        """Effluxes of Na, K, Cl (µA/cm² equivalents) with their slopes 4x7 (fourth row: the pump cycle), and the cycle."""
        rt, u = self.rt, v / self.rt
        n, m = self.cell.stoichiometry.sodium, self.cell.stoichiometry.potassium
        nernst = [VALENCE[i] * rt * math.log(o / c) for i, c, o in zip(MOBILE_IONS, inside, outside, strict=True)]
        flux, slope = np.zeros(3), np.zeros((4, 7))
        for row, ion in enumerate(MOBILE_IONS):
            z, g, p = VALENCE[ion], self.g[ion], self.p[ion]
            (fore, fore_slope), (back, back_slope) = bernoulli(z * u), bernoulli(-z * u)
            # efflux counts particles: z times the outward current, and z*z = 1 for all three ions
            flux[row] = z * g * (v - nernst[row]) + p * (inside[row] * fore - outside[row] * back)
            slope[row, row] = g * rt / inside[row] + p * fore
            slope[row, 3 + row] = -g * rt / outside[row] - p * back
            slope[row, 6] = z * g + p * z * (inside[row] * fore_slope + outside[row] * back_slope) / rt
        activity = self.activity(t, atp)
        cycle, by_na, by_na_o, by_k_o, by_u = (
            activity * x for x in pump_slopes(self.cell.pump, inside[0], outside[0], outside[1], u)
        )
        slope[3, 0], slope[3, 3], slope[3, 4], slope[3, 6] = by_na, by_na_o, by_k_o, by_u / rt
        self._add_cotransport(flux, slope, nernst, inside, outside)
        flux += np.array([n, -m, 0.0]) * cycle
        slope[:3] += np.outer([n, -m, 0.0], slope[3])
        return flux, slope, cycle

    def _add_cotransport(
        self, flux: State, slope: State, nernst: Sequence[float], inside: Triple, outside: Triple
    ) -> None:
        rt = self.rt
        out_of = np.array([-rt / c for c in inside] + [rt / c for c in outside])  # dE/dc for a cation
        d_na, d_k, d_cl = (np.zeros(7) for _ in range(3))
        for row, vector, sign in ((0, d_na, 1), (1, d_k, 1), (2, d_cl, -1)):
            vector[row], vector[3 + row] = sign * out_of[row], sign * out_of[3 + row]
        kcc2, kcc2_slope = self.g_kcc2 * (nernst[2] - nernst[1]), self.g_kcc2 * (d_cl - d_k)
        nkcc1 = self.g_nkcc1 * (nernst[0] + nernst[1] - 2 * nernst[2])
        nkcc1_slope = self.g_nkcc1 * (d_na + d_k - 2 * d_cl)
        flux += np.array([-nkcc1, kcc2 - nkcc1, kcc2 - 2 * nkcc1])
        slope[0] -= nkcc1_slope
        slope[1] += kcc2_slope - nkcc1_slope
        slope[2] += kcc2_slope - 2 * nkcc1_slope

    def _water_slopes(
        self, inside: Triple, outside: Triple, volume: float, bath: float, area: float, area_slope: float, seen: State
    ) -> State:
        by_state = seen[:3].sum(axis=0) - seen[3:6].sum(axis=0)
        by_state[VOLUME] -= self.cell.impermeant_inside_mm / volume**2
        if self.total is not None:
            by_state[VOLUME] -= self.impermeant_bath / bath**2
        slopes: State = self.water * area * by_state
        slopes[VOLUME] += self.water * area_slope * self._osmotic_excess(inside, outside, volume, bath)
        return slopes

    def _atp_slopes(
        self,
        jac: State,
        area: float,
        area_slope: float,
        cycle: float,
        by_state: State,
        by_atp: float,
        share_slope: float,
    ) -> None:
        d = self.drive
        if self.atp is None or (d.atp_clamped and d.atp_recovery_s == 0):
            return
        if d.atp_clamped:
            jac[ATP, ATP] = -1.0 / d.atp_recovery_s
            return
        jac[ATP, :4] = -self.k * area * by_state
        jac[ATP, VOLUME] -= self.k * area_slope * cycle
        jac[ATP, ATP] = -self.k * area * by_atp - d.other_atp_use_mm_per_s * share_slope


def bernoulli(u: float) -> tuple[float, float]:
    """u/(1 - exp(-u)) and its slope: the voltage factor of the constant-field current, safe at u = 0.

    The scalar twin, with slope, of `currents.bernoulli` at -u: a solver calls it thousands of times for one number.

    >>> bernoulli(0.0)
    (1.0, 0.5)
    """
    if abs(u) < SERIES_BELOW:
        return 1.0 + u / 2.0 + u * u / 12.0, 0.5 + u / 6.0
    if u < -500.0:  # exp(-u) would overflow; the factor has long decayed to zero
        return 0.0, 0.0
    shrink = math.exp(-u)
    factor = u / -math.expm1(-u)
    return factor, (factor / u) * (1.0 - factor * shrink)
