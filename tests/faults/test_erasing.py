"""Everything dies while users are being erased: each of them is either still there, or gone for good and entirely."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from domain.credit_ledger import CreditLedger
from domain.user import User
from tests.faults.customer import PASSWORD, Customer
from tests.faults.installation import Installation
from tests.faults.photos import photo
from tests.faults.waiting import PATIENCE, wait_until

CUSTOMERS = 4


def test_users_who_are_erased_while_everything_is_killed_are_gone_and_settled(
    installation: Installation, numbers: Iterator[int]
) -> None:
    with ExitStack() as leaving, ThreadPoolExecutor(CUSTOMERS) as clients:
        customers = [Customer(installation, credits=10) for _ in range(CUSTOMERS)]
        for customer in customers:
            leaving.callback(customer.close)
            customer.submit(photo(next(numbers)), photo(next(numbers)))
            customer.upload(photo(next(numbers)))
        asked = [
            # Whoever was cut off asks again, and hears that there is nobody any more.
            clients.submit(customer.insist, "DELETE", "/me", known=401, json={"password": PASSWORD})
            for customer in customers
        ]
        for process in installation.processes:
            process.kill()
            process.start()
        assert {one.result().status_code for one in asked} <= {200, 401}
        refused = [
            customer.insist("POST", "/auth/sign-in", known=401, json=_credentials(customer)).status_code
            for customer in customers
        ]
        assert refused == [401] * CUSTOMERS
    store = installation.container.store
    for customer in customers:
        ledger = store.get(CreditLedger, CreditLedger.id_for(customer.user_id))
        left = ledger.available(installation.container.database.now())
        assert (store.get(User, customer.user_id).erased, ledger.holds, left) == (True, {}, 0)
        pictures = installation.outbox.with_name("pictures") / "users" / str(customer.user_id)
        wait_until(partial(_empty, pictures), f"{pictures} is empty", within=3 * PATIENCE)


def _credentials(customer: Customer) -> dict[str, str]:
    return {"email": customer.email, "password": PASSWORD, "transport": "bearer"}


def _empty(folder: Path) -> bool:
    return not any(file.is_file() for file in folder.rglob("*"))
