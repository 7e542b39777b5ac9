#pragma once
// Tree heads in this process: signed with the keyring's key, written to the file and the topic that are configured,
// and what the newest one is.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/routes/context.hpp"
#include "app/config/config.hpp"
#include "app/core/core.hpp"
#include "domain/base/time.hpp"
#include "eventstore/audit/tree_head_maker.hpp"
#include "security/primitives/note.hpp"

namespace keyledger::app {

// Opens notes of any log with the keyring's keys that sign tree heads, those of the past too, and the given ones.
eventstore::audit::OpenNote opener(std::shared_ptr<const security::Keyring> keyring,
                                   std::vector<security::NoteKey> more = {});
// The key with which heads of that log are signed at that time, as verifiers want it.
security::NoteKey verifying_key(const security::Keyring& keyring, const Uuid& log_id, Instant at);

class TreeHeads : public api::TreeHeadSource {
public:
    // Looks for the newest head that can be seen. Throws StartFailure if the log is behind it (design section 4.5),
    // or if a file is configured and can't be read.
    TreeHeads(const Config& config, Core& core, const eventstore::Head& log);
    ~TreeHeads() override;

    void start();
    void stop();
    eventstore::audit::TreeHeadStatus status() const;

    std::optional<api::PublishedTreeHead> newest() const override;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace keyledger::app
