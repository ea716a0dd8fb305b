# How `_startable.py` is called, and calls others, when it is compiled.
from actors._behaviour cimport start
from actors.process cimport are_shared

cpdef tuple _given(tuple args, dict kwargs)

cpdef bint _says_how(object name, object timeout, object host, object mailbox) except -1
