"""Started instead of attachguard/sandbox/start.py: the real zygote with readers that do what the bytes say."""

import os

from attachguard.formats.contract import Order
from attachguard.kinds import KINDS
from attachguard.model import Finding, Identification, Inspection, Limits, Part, Rebuilt
from attachguard.sandbox import zygote
from attachguard.sandbox.inside import Readers


class Obedient:
    KIND = KINDS["pdf"]

    def sniff(self, sample): return None
    def inspect(self, data, limits):
        if data == b"raise": raise ValueError("secret")
        if data == b"segv": import ctypes; ctypes.string_at(0)
        if data == b"loop":
            while True: pass
        if data == b"memory": bytearray(4<<30)
        if data == b"exit7": os._exit(7)
        return Inspection(findings=(Finding("pdf.javascript", where="x"),), parts=(Part(where="a",untrusted_name="n",declared_type=None,data=data),))
    def normalize(self, order):
        return Rebuilt(data=order.printed or order.original[::-1])
    def verify(self, o, c, limits):
        return ()

def load():
    return Readers(identify=lambda d,e,l: Identification(kind="pdf", described="x", magic=e), formats={"pdf": Obedient()})

zygote.main(load)
