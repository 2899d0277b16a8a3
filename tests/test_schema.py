"""The JSON contract: the keys that were promised, and every filter at hand written against the schema."""

import json

import jsonschema
import pytest
from scored import DEPOSITIONS, deposited_score, ideal_score

from selectivity.references import references
from selectivity.score import score_schema

TOP_LEVEL = [
    "version",
    "file",
    "treatment",
    "ion_pair",
    "temperature_k",
    "sigma_angstrom",
    "force_field",
    "hydration",
    "hydration_state",
    "rule",
    "access_length_angstrom",
    "k_profile",
    "seed",
    "filter",
    "conductive",
    "sites",
    "profile",
    "ddg_barrier_kj_mol",
    "ddg_barrier_error_kj_mol",
    "error_components_kj_mol",
    "permeability_ratio",
    "permeability_ratio_interval",
    "interval_level",
    "membrane",
    "warnings",
    "sources",
]
FILTER = ["signature", "first_residue", "n_strands", "resolution_angstrom", "rings", "ions", "provenance"]
SITE = [
    "site",
    "formed",
    "reason",
    "coordination_number",
    "mean_distance_angstrom",
    "bond_valence",
    "ddg_kj_mol",
    "ddg_error_kj_mol",
    "terms_kj_mol",
    "basin",
    "waters",
]
MEMBRANE = ["cell", "v_mv", "v_interval_mv", "v_with_leak_mv", "dv_dddg_mv_mol_per_kj", "nernst_mv"]
IDEAL = ("kcsa-like", "nak-like", "collapsed-like", "dilated-like", "flipped-like")


def written(score):
    """The score as a reader of the JSON gets it."""
    return json.loads(score.to_json())


def check(score):
    document = written(score)
    jsonschema.validate(document, score_schema())
    assert set(TOP_LEVEL) <= set(document)
    assert set(FILTER) <= set(document["filter"])
    assert {"assembly", "altloc", "pore", "merged_copies"} <= set(document["filter"]["provenance"])
    assert all(set(SITE) <= set(site) for site in document["sites"])
    assert {"z_angstrom", "ddg_kj_mol"} <= set(document["profile"])
    assert set(MEMBRANE) <= set(document["membrane"])
    assert all(key in references() for key in document["sources"])
    return document


def test_the_schema_is_itself_valid_and_demands_what_was_promised():
    schema = score_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) == set(TOP_LEVEL)
    assert set(schema["$defs"]["site"]["required"]) == set(SITE)
    assert set(schema["$defs"]["membrane"]["required"]) == set(MEMBRANE)


@pytest.mark.parametrize("name", IDEAL)
def test_bundled_filters_keep_the_contract(name):
    check(ideal_score(name))


@pytest.mark.parametrize("treatment", ["relaxed", "rigid"])
@pytest.mark.parametrize("name", DEPOSITIONS)
def test_depositions_keep_the_contract(shared, name, treatment):
    check(deposited_score(shared / "structures" / name, treatment=treatment))


def test_numbers_keep_their_full_precision():
    score = ideal_score()
    assert written(score)["ddg_barrier_kj_mol"] == score.ddg_barrier_kj_mol
    assert tuple(written(score)["profile"]["ddg_kj_mol"]) == score.profile.ddg_kj_mol


def test_what_is_undefined_is_null():
    document = check(ideal_score("collapsed-like"))
    assert not document["conductive"]
    for key in ("ddg_barrier_kj_mol", "ddg_barrier_error_kj_mol", "permeability_ratio", "permeability_ratio_interval"):
        assert document[key] is None
    for key in ("v_mv", "v_interval_mv", "v_with_leak_mv", "dv_dddg_mv_mol_per_kj"):
        assert document["membrane"][key] is None
    unformed = next(site for site in document["sites"] if site["site"] == "S2")
    assert unformed["ddg_kj_mol"] is None
    assert unformed["terms_kj_mol"] is None


def test_other_pairs_of_ions_use_the_same_keys():
    document = check(ideal_score(ions=("Rb", "Cs")))
    assert document["ion_pair"] == ["Rb", "Cs"]
    assert set(document["sites"][2]["bond_valence"]) == {"Rb", "Cs"}
    assert set(document["sites"][2]["terms_kj_mol"]) == {"Rb", "Cs", "difference"}


def test_a_given_profile_and_sigma_by_b_factor_are_written():
    document = check(ideal_score(k_profile=((-10.0, 0.0, 10.0), (0.0, 5.0, 0.0)), sigma="bfactor"))
    assert document["k_profile"] == {"z_angstrom": [-10.0, 0.0, 10.0], "energy_kj_mol": [0.0, 5.0, 0.0]}
    assert document["sigma_angstrom"] == "bfactor"


def test_the_schema_refuses_a_missing_key_and_a_stranger():
    document = written(ideal_score())
    for broken in ({k: v for k, v in document.items() if k != "conductive"}, document | {"ratio": 3.0}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, score_schema())
