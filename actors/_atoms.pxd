# What the compiled rooms ask instead of `kind in SHARED`: the classes of most values are told from others at a glance.
cdef extern from *:
    """
    #ifndef LETITCRASH_SHARED
    #define LETITCRASH_SHARED
    static PyObject *letitcrash_pid = NULL;
    static PyObject *letitcrash_ref = NULL;

    static int letitcrash_find_identities(void) {
        PyObject *room = PyImport_ImportModule("actors.pid");
        if (room == NULL) return -1;
        letitcrash_ref = PyObject_GetAttrString(room, "Ref");
        letitcrash_pid = PyObject_GetAttrString(room, "Pid");
        Py_DECREF(room);
        return letitcrash_ref == NULL || letitcrash_pid == NULL ? -1 : 0;
    }

    /* Those of `ATOMS` in `_shapes.py`, which nobody can take out of the set. */
    static CYTHON_INLINE int letitcrash_in_shared(PyObject *kind, PyObject *shared) {
        if (kind == (PyObject *)&PyLong_Type || kind == (PyObject *)&PyUnicode_Type) return 1;
        if (letitcrash_pid == NULL && letitcrash_find_identities() < 0) return -1;
        if (kind == letitcrash_pid || kind == letitcrash_ref || kind == (PyObject *)Py_TYPE(Py_None)) return 1;
        return PySet_Contains(shared, kind);
    }
    #endif
    """
    bint in_shared "letitcrash_in_shared" (object kind, set shared) except -1
