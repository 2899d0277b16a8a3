"""How do rigid groups move? Compiled maps from body coordinates to atoms, and from forces on atoms back to body coordinates.

Body coordinates ``q`` describe a displacement from ``base`` (3, N): a free group has six, the translation t (Å) and the rotation
vector w (rad) about its ``centre`` (3, G), x = centre + t + exp([w]) (base - centre); a hydroxyl in the rigid treatment has one,
the angle about CB-O; an ion has one for each axis along which it is free. ``offset`` (G + 1,) points to the first coordinate of each group,
``ion_axis`` (n_ions * 3,) to that of each ion axis, -1 where the axis is held.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FROZEN, FREE, TORSION = 0, 1, 2
"""How a group moves: not at all, as a rigid body, or about its first bond only."""


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def rotation(wx, wy, wz, matrix):
    """Fill ``matrix`` (3, 3) with exp([w]) by Rodrigues' formula."""
    angle2 = wx * wx + wy * wy + wz * wz
    if angle2 < 1e-12:
        a, b = 1.0 - angle2 / 6.0, 0.5 - angle2 / 24.0
    else:
        angle = np.sqrt(angle2)
        a, b = np.sin(angle) / angle, (1.0 - np.cos(angle)) / angle2
    c = 1.0 - b * angle2
    matrix[0, 0], matrix[0, 1], matrix[0, 2] = c + b * wx * wx, b * wx * wy - a * wz, b * wx * wz + a * wy
    matrix[1, 0], matrix[1, 1], matrix[1, 2] = b * wx * wy + a * wz, c + b * wy * wy, b * wy * wz - a * wx
    matrix[2, 0], matrix[2, 1], matrix[2, 2] = b * wx * wz - a * wy, b * wy * wz + a * wx, c + b * wz * wz


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def place(q, base, centre, start, mobility, offset, ion_axis, xyz):
    """Fill ``xyz`` (3, N) with the atoms at body coordinates q."""
    matrix = np.empty((3, 3))
    for b in range(len(mobility)):
        k, first, last = offset[b], start[b], start[b + 1]
        if mobility[b] == FREE:
            rotation(q[k + 3], q[k + 4], q[k + 5], matrix)
            for axis in range(3):
                for i in range(first, last):
                    arm = 0.0
                    for other in range(3):
                        arm += matrix[axis, other] * (base[other, i] - centre[other, b])
                    xyz[axis, i] = centre[axis, b] + q[k + axis] + arm
        elif mobility[b] == TORSION:
            ux, uy, uz = bond_direction(base, first)
            rotation(q[k] * ux, q[k] * uy, q[k] * uz, matrix)
            for axis in range(3):
                arm = 0.0
                for other in range(3):
                    arm += matrix[axis, other] * (base[other, first + 2] - base[other, first + 1])
                xyz[axis, first + 2] = base[axis, first + 1] + arm
    for k in range(len(ion_axis)):
        if ion_axis[k] >= 0:
            xyz[k % 3, start[-1] + k // 3] = base[k % 3, start[-1] + k // 3] + q[ion_axis[k]]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def bond_direction(xyz, first):
    """Unit vector from atom ``first`` to the next one."""
    ux = xyz[0, first + 1] - xyz[0, first]
    uy = xyz[1, first + 1] - xyz[1, first]
    uz = xyz[2, first + 1] - xyz[2, first]
    length = np.sqrt(ux * ux + uy * uy + uz * uz)
    return ux / length, uy / length, uz / length


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pull_back(q, xyz, grad, centre, start, mobility, offset, ion_axis, slope):
    """Fill ``slope`` with dU/dq from dU/dxyz: forces, and torques through the left Jacobian of the rotation vector."""
    for b in range(len(mobility)):
        k, first, last = offset[b], start[b], start[b + 1]
        if mobility[b] == FREE:
            fx = fy = fz = tx = ty = tz = 0.0
            cx, cy, cz = centre[0, b] + q[k], centre[1, b] + q[k + 1], centre[2, b] + q[k + 2]
            for i in range(first, last):
                gx, gy, gz = grad[0, i], grad[1, i], grad[2, i]
                ax, ay, az = xyz[0, i] - cx, xyz[1, i] - cy, xyz[2, i] - cz
                fx, fy, fz = fx + gx, fy + gy, fz + gz
                tx, ty, tz = tx + ay * gz - az * gy, ty + az * gx - ax * gz, tz + ax * gy - ay * gx
            slope[k], slope[k + 1], slope[k + 2] = fx, fy, fz
            rotation_slope(q[k + 3], q[k + 4], q[k + 5], tx, ty, tz, slope, k + 3)
        elif mobility[b] == TORSION:
            i = first + 2
            ux, uy, uz = bond_direction(xyz, first)
            ax, ay, az = xyz[0, i] - xyz[0, i - 1], xyz[1, i] - xyz[1, i - 1], xyz[2, i] - xyz[2, i - 1]
            gx, gy, gz = grad[0, i], grad[1, i], grad[2, i]
            slope[k] = ux * (ay * gz - az * gy) + uy * (az * gx - ax * gz) + uz * (ax * gy - ay * gx)
    for k in range(len(ion_axis)):
        if ion_axis[k] >= 0:
            slope[ion_axis[k]] = grad[k % 3, start[-1] + k // 3]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def rotation_slope(wx, wy, wz, tx, ty, tz, slope, k):
    """Fill slope[k : k + 3] with the gradient J^T t with respect to w, t = sum of arm x gradient over the body.

    J = 1 + (1 - cos w)/w^2 [w] + (w - sin w)/w^3 [w]^2, the left Jacobian of the rotation vector.
    """
    angle2 = wx * wx + wy * wy + wz * wz
    if angle2 < 1e-8:
        a, b = 0.5 - angle2 / 24.0, 1.0 / 6.0 - angle2 / 120.0
    else:
        angle = np.sqrt(angle2)
        a, b = (1.0 - np.cos(angle)) / angle2, (angle - np.sin(angle)) / (angle2 * angle)
    cx, cy, cz = wy * tz - wz * ty, wz * tx - wx * tz, wx * ty - wy * tx
    slope[k] = tx - a * cx + b * (wy * cz - wz * cy)
    slope[k + 1] = ty - a * cy + b * (wz * cx - wx * cz)
    slope[k + 2] = tz - a * cz + b * (wx * cy - wy * cx)
