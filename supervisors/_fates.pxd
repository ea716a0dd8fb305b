# How `_fates.py` is laid out when it is compiled.
cimport cython
from supervisors._children cimport Child, Children, boot, may_restart, report, TryAgain
from supervisors._intensity cimport RestartWindow
from supervisors.strategy cimport Plan, is_failure, is_restarted, plan
from actors.messages cimport Exited
from actors.pid cimport Pid

@cython.final
cdef class Fates:
    cdef public object auto_shutdown
    cdef public Children children
    cdef public object strategy
    cdef public RestartWindow window

    cpdef hear(self, object message)
    cpdef _ended(self, Child child, object reason)
    cpdef bint _start_again(self, Child child, Pid last) except -1
    cpdef _restart(self, Child child)
    @cython.locals(children=Children, child=Child)
    cpdef _carry_out(self, Plan steps, Child ended, Pid last)
