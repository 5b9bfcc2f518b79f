/* The threads of a module that has one: locks do nothing, and no other thread can be made. */
#pragma once
#include <errno.h>
#include <stddef.h>

typedef int dav1d_no_thread;
#define pthread_t dav1d_no_thread
#define pthread_mutex_t dav1d_no_thread
#define pthread_cond_t dav1d_no_thread
#define pthread_once_t dav1d_no_thread
#define pthread_attr_t dav1d_no_thread
#define PTHREAD_ONCE_INIT 0
#define PTHREAD_MUTEX_INITIALIZER 0
#define pthread_mutex_init(m, a) ((void)(m), 0)
#define pthread_mutex_destroy(m) ((void)(m), 0)
#define pthread_mutex_lock(m) ((void)(m), 0)
#define pthread_mutex_unlock(m) ((void)(m), 0)
#define pthread_cond_init(c, a) ((void)(c), 0)
#define pthread_cond_destroy(c) ((void)(c), 0)
#define pthread_cond_wait(c, m) ((void)(c), (void)(m), 0)
#define pthread_cond_signal(c) ((void)(c), 0)
#define pthread_cond_broadcast(c) ((void)(c), 0)
#define pthread_attr_init(a) ((void)(a), 0)
#define pthread_attr_destroy(a) ((void)(a), 0)
#define pthread_attr_setstacksize(a, s) ((void)(a), 0)
#define pthread_create(t, a, f, p) ((void)(t), (void)(f), ENOSYS)
#define pthread_join(t, r) ((void)(t), 0)
static inline int pthread_once(int *done, void (*run)(void)) {
  if (!*done) run();
  *done = 1;
  return 0;
}
