#pragma once
// Who of several processes does what only one may do at a time: project, publish.
namespace keyledger::eventstore {

enum class Candidacy {
    kLeading,      // this process leads until it releases, or `still_held` says no
    kOtherLeads,   // ask again later
    kUnavailable,  // nobody can tell; ask again with back-off
};

// One object a job, used by one thread; calls block. Holding it is a courtesy that saves work, never a fence:
// a process that was paused may still believe that it leads. Whatever it protects needs a fence of its own
// (an epoch, a compare-and-swap on a checkpoint).
class Leadership {
public:
    virtual ~Leadership() = default;
    virtual Candidacy try_acquire() = 0;
    virtual bool still_held() = 0;
    virtual void release() = 0;
};

}  // namespace keyledger::eventstore
