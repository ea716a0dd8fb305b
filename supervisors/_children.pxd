# How `_children.py` is laid out when it is compiled.
cimport cython
from actors.pid cimport Pid, Ref
from actors.process cimport are_shared, monotonic
from supervisors._intensity cimport RestartWindow
from supervisors._reports cimport child_failed, child_started

@cython.final
cdef class Child:
    cdef public object spec
    cdef public Pid pid
    cdef public Ref attempt
    cdef public object restart
    cdef public bint significant
    cdef public tuple start

    cpdef describe(self, object spec)

@cython.final
cdef class TryAgain:
    cdef readonly Ref attempt

@cython.final
cdef class Children:
    cdef public object owner
    cdef public dict _by_id
    cdef public dict _by_pid
    cdef public dict _attempts
    cdef public Py_ssize_t _significant

    cpdef Child of(self, object pid)
    cpdef running(self, Child child, Pid pid)
    cpdef stopped(self, Child child)
    cpdef _leave(self, Child child)

@cython.final
cdef class Up:
    cdef readonly Pid pid
    cdef readonly object answer

@cython.final
cdef class Failed:
    cdef readonly object reason

@cython.locals(up=Up)
cpdef launch(Children children, Child child)

cpdef boot(Children children, Child child)

cpdef bint may_restart(RestartWindow window) except -1

cpdef report(Children children, object context, object reason, Child child)

cpdef tuple afresh(object function, object args, object named)

cpdef start(tuple how)

cpdef answered(object answer)
