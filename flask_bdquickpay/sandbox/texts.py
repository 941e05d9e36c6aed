"""The payment page's words, in English and Bangla, and how each writes money and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from flask import request

DHAKA = timezone(timedelta(hours=6))
BANGLA_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
BANGLA_MONTHS = [
    "জানুয়ারি",
    "ফেব্রুয়ারি",
    "মার্চ",
    "এপ্রিল",
    "মে",
    "জুন",
    "জুলাই",
    "আগস্ট",
    "সেপ্টেম্বর",
    "অক্টোবর",
    "নভেম্বর",
    "ডিসেম্বর",
]
#: From which hour on a part of the day is called so.
BANGLA_HOURS = [
    (20, "রাত"),
    (18, "সন্ধ্যা"),
    (16, "বিকাল"),
    (12, "দুপুর"),
    (6, "সকাল"),
    (4, "ভোর"),
    (0, "রাত"),
]

WORDS: Mapping[str, tuple[str, str]] = {
    "banner": ("SANDBOX: no real money moves", "স্যান্ডবক্স: আসল টাকা লেনদেন হয় না"),
    "skip": ("Skip to the content", "মূল অংশে যান"),
    "title": ("Pay {amount}", "{amount} পেমেন্ট করুন"),
    "merchant": ("Shop", "দোকান"),
    "order": ("Order", "অর্ডার"),
    "amount": ("Amount", "টাকার পরিমাণ"),
    "invoice": ("Invoice", "ইনভয়েস"),
    "time_left": ("Time left", "বাকি সময়"),
    "until": ("Open until", "শেষ সময়"),
    "wallet": ("Wallet number", "ওয়ালেট নম্বর"),
    "pin": ("PIN", "পিন"),
    "anything": (
        "Type anything, or nothing. Never a real PIN: what you type here is not sent anywhere.",
        "যা খুশি লিখুন, অথবা ফাঁকা রাখুন। আসল পিন কখনো নয়: এখানে যা লেখা হয়, তা কোথাও পাঠানো হয় না।",
    ),
    "pay": ("Pay {amount}", "{amount} পেমেন্ট করুন"),
    "cancel": ("Cancel and go back to the shop", "বাতিল করে দোকানে ফিরে যান"),
    "try": ("Try what can go wrong", "কী কী ভুল হতে পারে, দেখে নিন"),
    "time_out": ("Let the time run out", "সময় শেষ হতে দিন"),
    "time_out_hint": ("The gateway marks the payment failed.", "গেটওয়ে পেমেন্টটিকে ব্যর্থ ধরবে।"),
    "other": ("Pay another amount", "অন্য অঙ্কের টাকা দিন"),
    "other_label": ("Amount to pay instead, in taka", "এর বদলে কত টাকা দেবেন"),
    "completes": (
        "Say “completed” although the amount differs",
        "টাকার অঙ্ক না মিললেও ‘সম্পন্ন’ বলুন",
    ),
    "other_hint": (
        "The gateway marks a wrong amount as failed. Ticked, it lets it through, and the shop "
        "has to notice.",
        "টাকার অঙ্ক না মিললে গেটওয়ে পেমেন্টটিকে ব্যর্থ ধরে। টিক দিলে ছেড়ে দেয়, তখন দোকানকেই ধরতে হবে।",
    ),
    "bad_amount": ("Write an amount like 450 or 450.50.", "টাকার পরিমাণ এভাবে লিখুন: 450 বা 450.50।"),
    "done": ("This payment is completed", "পেমেন্ট সম্পন্ন হয়েছে"),
    "over": ("This payment can no longer be made", "এই পেমেন্টটি আর করা যাবে না"),
    "trx": ("TrxID", "ট্রানজেকশন আইডি (TrxID)"),
    "reason": ("Reason", "কারণ"),
    "timeout": ("The time ran out", "সময় শেষ হয়ে গেছে"),
    "amount mismatch": ("The amount did not match", "টাকার অঙ্ক মেলেনি"),
    "cancelled by the customer": ("Cancelled by the customer", "ক্রেতা বাতিল করেছেন"),
    "back": ("Back to the shop", "দোকানে ফিরে যান"),
    "late": ("Pay all the same (a late payment)", "তবুও পেমেন্ট করুন (দেরিতে আসা পেমেন্ট)"),
    "closed": (
        "Close this tab now: the webhook alone tells the shop.",
        "এখন এই ট্যাবটি বন্ধ করুন: শুধু ওয়েবহুকই দোকানকে জানাবে।",
    ),
    "other_paid": ("Asked for", "চাওয়া হয়েছিল"),
    "wrong": ("Something is not right", "কিছু একটা ঠিক নেই"),
    "language": ("Language", "ভাষা"),
    "minutes": ("{minutes} min {seconds} s", "{minutes} মিনিট {seconds} সেকেন্ড"),
    "footer": (
        "A stand-in for a payment gateway, for developers. Not bKash, and not connected to it.",
        "ডেভেলপারদের জন্য পেমেন্ট গেটওয়ের একটি নকল। এটি বিকাশ নয়, বিকাশের সঙ্গে যুক্তও নয়।",
    ),
}


def language() -> str:
    """`?lang=`, else what the browser prefers, else English."""
    wanted = request.args.get("lang")
    if wanted in {"en", "bn"}:
        return str(wanted)
    return request.accept_languages.best_match(["en", "bn"]) or "en"


def translate(lang: str) -> Callable[..., str]:
    """The function that a template calls `_`: a word's name to its text."""

    def text(name: str, **values: str) -> str:
        english, bangla = WORDS[name]
        return (bangla if lang == "bn" else english).format(**values)

    return text


def digits(text: str, lang: str) -> str:
    return text.translate(BANGLA_DIGITS) if lang == "bn" else text


def money(amount: Decimal, lang: str) -> str:
    """৳1,23,456.50, in lakhs as Bangladesh writes them; in Bangla with its digits."""
    whole, _, rest = f"{amount:.2f}".partition(".")
    return digits(f"৳{_lakhs(whole)}.{rest}", lang)


def _lakhs(whole: str) -> str:
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        head, pair = head[:-2], head[-2:]
        pairs.insert(0, pair)
    return ",".join([*pairs, tail])


def moment(at: datetime, lang: str) -> str:
    """Date and time of day in Dhaka, as a buyer says it: 4:41 PM."""
    there = at.astimezone(DHAKA)
    clock = f"{there.hour % 12 or 12}:{there:%M}"
    if lang == "bn":
        date = f"{there.day} {BANGLA_MONTHS[there.month - 1]} {there.year}"
        return digits(f"{date}, {_part_of_day(there.hour)} {clock}", lang)
    return f"{there.day} {there:%B %Y}, {clock} {there:%p}"


def _part_of_day(hour: int) -> str:
    return next(word for begin, word in BANGLA_HOURS if hour >= begin)


def exact_moment(at: datetime) -> str:
    """Date and time in Dhaka to the second, for the developer."""
    there = at.astimezone(DHAKA)
    return f"{there.day} {there:%b %Y, %H:%M:%S}"


def time_of_day(at: datetime) -> str:
    """The time in Dhaka to the second, for the developer."""
    return f"{at.astimezone(DHAKA):%H:%M:%S}"


def duration(seconds: int, lang: str) -> str:
    minutes, rest = divmod(seconds, 60)
    text = translate(lang)("minutes", minutes=str(minutes), seconds=f"{rest:02}")
    return digits(text, lang)
