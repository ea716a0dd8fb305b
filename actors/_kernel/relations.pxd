# How `relations.py` is laid out when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell
from actors._kernel.queues cimport append, filled, pop, popleft
from actors._kernel.names cimport Names
from actors._kernel.signals cimport link, unlink, verdict
from actors._kernel.timers cimport Deadlines, Timer
from actors.pid cimport Pid, Ref

cdef object _NEVER_COPIED
cdef object deque

cdef class Relations:
    cdef public object cross
    cdef public dict cells
    cdef public Names names
    cdef public Deadlines deadlines
    cdef public dict timers
    cdef public object ready
    cdef public object doomed
    cdef public Cell current
    cdef public Cell nobody
    cdef public Cell collecting
    cdef public object spare_mail
    cdef public dict _aliases
    cdef public dict _watched
    cdef public Py_ssize_t dead_letters
    cdef public Py_ssize_t _serial

    cpdef deliver(self, Cell cell, object message)
    cpdef give_back(self, object mail)
    cpdef Cell resolve(self, object dest)
    @cython.locals(cell=Cell)
    cpdef send_alias(self, Ref alias, object message)
    cpdef enlist(self, Cell cell, Cell target)
    cpdef _delist(self, Cell cell)
    cpdef expect(self, Cell cell, Cell target, Ref ref)
    cpdef bint answer(self, Cell cell, Ref ref, object kind, object value) except -1
    cpdef circle(self, Cell cell, Cell target)
    cpdef link(self, Cell cell, Pid pid)
    cpdef unlink(self, Cell cell, Pid pid)
    @cython.locals(other=Cell, ref=Ref)
    cpdef monitor(self, Cell cell, object target, object kind=*)
    cpdef watch(self, Cell cell, Cell other, Ref ref)
    @cython.locals(other=Cell)
    cpdef bint demonitor(self, Cell cell, Ref ref, bint flush) except -1
    cpdef add_alias(self, Cell cell, Ref ref, object kind)
    cpdef bint unalias(self, Cell cell, Ref ref) except -1
    cpdef own(self, Cell cell)
    cpdef set_timer(self, Timer timer)
    cpdef Timer drop_timer(self, Ref ref)
    cpdef signal(self, Cell cell, Pid sender, object reason, bint linked)
    cpdef doom(self, Cell cell, object reason)
    cpdef hasten(self, Cell cell)
    cpdef release(self, Cell cell, object reason)
    @cython.locals(current=Cell)
    cpdef _forget_mail(self, Cell cell)
    @cython.locals(other=Cell)
    cpdef _take_back(self, Cell cell)
    @cython.locals(caller=Cell, count=Py_ssize_t, before=Cell)
    cpdef list _seen_by_all(self, Cell cell, object reason)
    @cython.locals(other=Cell, owner=Cell, caller=Cell, seen=list)
    cpdef finish(self, Cell cell)
    cpdef _tell_down(self, Cell owner, Ref ref, object watched, object reason)

cpdef _next(list seen)

@cython.locals(index=Py_ssize_t)
cpdef _flush_down(object mail, Ref ref)
