#pragma once
// The file that a restart goes on from: numbers and texts in sealed parts, each bound to its place in this very file.
// A file that was changed, cut, mixed from two, or sealed under another keyring is refused, and costs no more than a
// read of the whole log. Not thread-safe.
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "eventstore/store.hpp"

namespace keyledger::projections {

struct SnapshotPlace {
    Uuid snapshot_id;  // made anew for each file
    Uuid log_id;
    std::string fold;  // of what wrote it: another one can't read it
};

// Gathers in memory, so that whoever holds the state goes on before the disk is done; `finish` may run on another
// thread. Movable.
class SnapshotWriter {
public:
    // The cipher outlives it.
    SnapshotWriter(std::string path, SnapshotPlace place, eventstore::SubjectCipher& cipher);

    void number(std::int64_t number);
    void time(Instant at) { number(at.ms()); }
    void id(const Uuid& id);
    void digest(const eventstore::Digest& digest);
    void text(std::string_view text);
    void texts(const std::vector<std::string>& texts);

    // Sealed, to "<path>.new", and into the old one's place. Otherwise the sentence that says what is wrong; the old
    // one stays. Throws what sealing throws. Once.
    Result<void, std::string> finish();

private:
    void raw(const void* bytes, std::size_t count);

    std::string path_;
    SnapshotPlace place_;
    eventstore::SubjectCipher* cipher_;
    std::vector<std::string> parts_;
};

// All but the constructor throw eventstore::CodecError for what the file lacks or should not have.
class SnapshotReader {
public:
    // nullopt: there is no such file, or it is of another kind.
    static std::optional<SnapshotReader> open(const std::string& path, const Uuid& log_id, std::string fold,
                                              eventstore::SubjectCipher& cipher);

    std::int64_t number();
    Instant time() { return Instant::at_ms(number()); }
    std::int64_t count();  // of what follows: not negative
    Uuid uuid();
    template <class Of>
    Id<Of> id() {
        return Id<Of>{uuid()};
    }
    eventstore::Digest digest();
    std::string text();
    std::vector<std::string> texts();
    template <class Enum>
    Enum one_of(Enum last) {
        return static_cast<Enum>(up_to(static_cast<std::int64_t>(last)));
    }
    void end();

private:
    SnapshotReader(std::ifstream file, SnapshotPlace place, eventstore::SubjectCipher& cipher);
    void raw(void* bytes, std::size_t count);
    std::int64_t up_to(std::int64_t most);
    bool open_next_part();

    std::ifstream file_;
    SnapshotPlace place_;
    eventstore::SubjectCipher* cipher_;
    std::string part_;
    std::size_t at_ = 0;
    std::int32_t parts_ = 0;
};

}  // namespace keyledger::projections
