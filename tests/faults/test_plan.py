"""A plan of faults follows from its seed alone."""

from tests.faults.plan import Fault, plan


def planned(seed: int) -> list[Fault]:
    return plan(
        seed, 600, workers=["worker-1", "worker-2"], followers=["follower-1", "follower-2"], apis=["api-1"]
    )


def test_the_same_seed_is_the_same_plan() -> None:
    assert planned(7) == planned(7)
    assert planned(7) != planned(8)


def test_a_part_has_one_fault_at_a_time_and_all_are_mended_in_time() -> None:
    whole_from: dict[str, float] = {}
    for fault in planned(7):
        assert whole_from.get(fault.part, 0) <= fault.at
        whole_from[fault.part] = fault.at + fault.lasts
    assert max(whole_from.values()) <= 600
    assert {"worker-1", "follower-2", "api-1", "valkey", "postgres", "disk"} <= set(whole_from)
