"""The gateway's side of the wire, as its own small Flask app: a sandbox without real money.

`create_sandbox()` builds it, `server.SandboxServer` runs it on a loopback port, and
`app.extensions["bdquickpay_sandbox"]` (a `Sandbox`) plays buyer, clock and bad luck. What of its
behaviour is documented and what assumed is told by its page `/assumptions`.

Another process drives it through a small JSON API (bodies and answers are JSON objects; 422 with a
`message` for what cannot be done):

| call | body | does |
|---|---|---|
| `GET /sandbox/api/identity` | | `{"sandbox": true, "id": …, "now": …}` |
| `GET /sandbox/api/payments`, `…/deliveries`, `…/requests` | | lists what there is |
| `POST /sandbox/api/payments/INVOICE/pay` | `amount`, `webhook`, `completes`, `late`, `wait` | the buyer pays |
| `POST /sandbox/api/payments/INVOICE/cancel`, `…/fail`, `…/time_out` | `webhook`, `wait` | or does not |
| `POST /sandbox/api/payments/INVOICE/webhook` | `app_key`, `url`, any field of the event | sends one webhook |
| `POST /sandbox/api/deliveries/ID/send` | | sends a webhook again |
| `GET`, `POST`, `DELETE /sandbox/api/faults` | `kind`, `endpoint`, `times`, the kind's options | faults (`faults.KINDS`) |
| `GET`, `POST /sandbox/api/switches` | the switches by name | switches (`switches.SWITCHES`) |
| `GET`, `POST /sandbox/api/scenario` | `name` | what the next payment will do (`scenarios.SCENARIOS`) |
| `POST /sandbox/api/clock` | `advance`: seconds | moves the clock |
"""  # noqa: E501 - a table

from .app import create_sandbox
from .control import Sandbox
from .errors import SandboxError
from .keys import APP_KEY, SECRET_KEY
from .records import Answer, Delivery, Outcome, Payment, RecordedRequest

__all__ = [
    "APP_KEY",
    "SECRET_KEY",
    "Answer",
    "Delivery",
    "Outcome",
    "Payment",
    "RecordedRequest",
    "Sandbox",
    "SandboxError",
    "create_sandbox",
]
