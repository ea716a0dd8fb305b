# What the compiled rooms call instead of a queue's methods: its functions in C, found once and not by name at each call.
cdef extern from *:
    """
    #ifndef LETITCRASH_DEQUE
    #define LETITCRASH_DEQUE
    static PyTypeObject *letitcrash_deque_type = NULL;
    static PyCFunction letitcrash_deque_append = NULL;
    static PyCFunction letitcrash_deque_pop = NULL;
    static PyCFunction letitcrash_deque_popleft = NULL;

    static PyCFunction letitcrash_deque_function(const char *name, int flags) {
        PyObject *found = PyObject_GetAttrString((PyObject *)letitcrash_deque_type, name);
        PyCFunction function = NULL;
        if (found == NULL) {
            PyErr_Clear();
            return NULL;
        }
        if (Py_TYPE(found) == &PyMethodDescr_Type) {
            PyMethodDef *method = ((PyMethodDescrObject *)found)->d_method;
            if (method->ml_flags == flags) function = method->ml_meth;
        }
        Py_DECREF(found);
        return function;
    }

    static void letitcrash_deque_find(void) {
        PyObject *room = PyImport_ImportModule("collections");
        PyObject *type = room == NULL ? NULL : PyObject_GetAttrString(room, "deque");
        Py_XDECREF(room);
        if (type == NULL) {
            PyErr_Clear();
            return;
        }
        letitcrash_deque_type = (PyTypeObject *)type;
        letitcrash_deque_append = letitcrash_deque_function("append", METH_O);
        letitcrash_deque_pop = letitcrash_deque_function("pop", METH_NOARGS);
        letitcrash_deque_popleft = letitcrash_deque_function("popleft", METH_NOARGS);
    }

    /* A mailbox with a bound is of a class of its own, whose methods do what its policy says. */
    static CYTHON_INLINE int letitcrash_is_plain(PyObject *queue) {
        if (letitcrash_deque_type == NULL) letitcrash_deque_find();
        return Py_TYPE(queue) == letitcrash_deque_type;
    }

    static CYTHON_INLINE PyObject *letitcrash_append(PyObject *queue, PyObject *item) {
        if (letitcrash_is_plain(queue) && letitcrash_deque_append != NULL)
            return letitcrash_deque_append(queue, item);
        if (PyList_CheckExact(queue)) {
            if (PyList_Append(queue, item) < 0) return NULL;
            Py_RETURN_NONE;
        }
        return PyObject_CallMethod(queue, "append", "(O)", item);
    }

    static CYTHON_INLINE PyObject *letitcrash_pop(PyObject *queue) {
        if (letitcrash_is_plain(queue) && letitcrash_deque_pop != NULL)
            return letitcrash_deque_pop(queue, NULL);
        return PyObject_CallMethod(queue, "pop", NULL);
    }

    static CYTHON_INLINE PyObject *letitcrash_popleft(PyObject *queue) {
        if (letitcrash_is_plain(queue) && letitcrash_deque_popleft != NULL)
            return letitcrash_deque_popleft(queue, NULL);
        return PyObject_CallMethod(queue, "popleft", NULL);
    }

    /* Asked several times for every message. */
    static CYTHON_INLINE int letitcrash_filled(PyObject *queue) {
        if (queue == Py_None) return 0;
        if (letitcrash_is_plain(queue)) return Py_SIZE(queue) > 0;
        return PyObject_IsTrue(queue);
    }
    #endif
    """
    object append "letitcrash_append" (object queue, object item)
    object pop "letitcrash_pop" (object queue)
    object popleft "letitcrash_popleft" (object queue)
    bint filled "letitcrash_filled" (object queue) except -1
