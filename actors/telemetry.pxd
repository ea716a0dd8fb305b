# How `telemetry.py` is called when it is compiled.
cdef dict _handlers
cdef list _reporters

cpdef bint is_heard(object event) except -1

cpdef bint is_reported(object event, object level) except -1
