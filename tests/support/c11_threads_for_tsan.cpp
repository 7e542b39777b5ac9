// librdkafka's threads, mutexes and conditions are C11's, which ThreadSanitizer (g++ 12) does not know: a thread
// made by thrd_create crashes at its first intercepted call. In glibc each of them is the pthread one under another
// name, so under that sanitizer the test programmes define them as such, and it sees them all.
#if defined(__SANITIZE_THREAD__)

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <memory>

namespace {

struct Start {
    thrd_start_t run;
    void* argument;
};

void* run_started(void* given) {
    const std::unique_ptr<Start> start(static_cast<Start*>(given));
    start->run(start->argument);
    return nullptr;
}

int answer(int error) {
    switch (error) {
        case 0: return thrd_success;
        case EBUSY: return thrd_busy;
        case ENOMEM: return thrd_nomem;
        case ETIMEDOUT: return thrd_timedout;
        default: return thrd_error;
    }
}

pthread_mutex_t* as_pthread(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* as_pthread(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }
static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

}  // namespace

extern "C" {

const char* __tsan_default_suppressions() {
    // It is not instrumented, so what it orders by atomics is not seen: nor who was the last to use what it destroys.
    return "called_from_lib:librdkafka.so\nrace:^mtx_lock$\nrace:^mtx_destroy$\nrace:^cnd_destroy$\n";
}

int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
    auto start = std::make_unique<Start>(Start{run, argument});
    const int error = pthread_create(thread, nullptr, run_started, start.get());
    if (error == 0) start.release();
    return answer(error);
}
int thrd_join(thrd_t thread, int* result) {
    if (result) *result = 0;
    return answer(pthread_join(thread, nullptr));
}
int mtx_init(mtx_t* mutex, int type) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    const int error = pthread_mutex_init(as_pthread(mutex), &attributes);
    pthread_mutexattr_destroy(&attributes);
    return answer(error);
}
int mtx_lock(mtx_t* mutex) { return answer(pthread_mutex_lock(as_pthread(mutex))); }
int mtx_trylock(mtx_t* mutex) { return answer(pthread_mutex_trylock(as_pthread(mutex))); }
int mtx_unlock(mtx_t* mutex) { return answer(pthread_mutex_unlock(as_pthread(mutex))); }
void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(as_pthread(mutex)); }
int cnd_init(cnd_t* condition) { return answer(pthread_cond_init(as_pthread(condition), nullptr)); }
int cnd_signal(cnd_t* condition) { return answer(pthread_cond_signal(as_pthread(condition))); }
int cnd_broadcast(cnd_t* condition) { return answer(pthread_cond_broadcast(as_pthread(condition))); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
    return answer(pthread_cond_wait(as_pthread(condition), as_pthread(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
    return answer(pthread_cond_timedwait(as_pthread(condition), as_pthread(mutex), until));
}
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(as_pthread(condition)); }

}  // extern "C"

#endif
