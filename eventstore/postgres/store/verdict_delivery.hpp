#pragma once
// Verdicts on their way from the writer's thread to those who wait for them. Whoever waits on one executor shares a
// timer and a hand-over with the others there: what becomes known while their thread is on its way to the first verdict
// goes along. Of its own, each append would pay more for both than for its answer.
#include <memory>

#include "eventstore/async_answer.hpp"
#include "eventstore/postgres/store/batch.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

struct VerdictQueue;  // internal; outlives the delivery by what was posted

class VerdictDelivery {
public:
    using Answer = AsyncAnswer<Verdict, StoreError>;

    VerdictDelivery();

    // `answer`, which has no deadline of its own, is given on its executor once what is returned is completed, by
    // whatever thread: it posts, and never answers in place. At `latest` it is kOutcomeUnknown, and what becomes known
    // later is dropped. Called on the executor's thread, as all that starts in a coroutine is.
    std::unique_ptr<VerdictWaiter> enlist(Deadline latest, Answer answer);

private:
    const std::shared_ptr<VerdictQueue> queue_;
};

}  // namespace keyledger::eventstore::postgres
