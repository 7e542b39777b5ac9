#include "projections/hot/snapshot_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "eventstore/codec/jcs.hpp"

namespace keyledger::projections {
namespace {

using eventstore::CodecError;

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");
constexpr std::string_view kMagic = "keyledger access snapshot 2\n";
constexpr std::size_t kPartBytes = 1024 * 1024;
constexpr std::size_t kPartRoom = 4 * 1024;  // what is longer lets a part grow
constexpr std::size_t kMaxSealedPart = 2 * kPartBytes;
constexpr std::int64_t kMaxText = 64 * 1024;

eventstore::SnapshotContext context_of(const SnapshotPlace& place, std::int32_t part) {
    return {place.snapshot_id, part, place.log_id, place.fold};
}

}  // namespace

// ---- writing ---------------------------------------------------------------------------------------------------
SnapshotWriter::SnapshotWriter(std::string path, SnapshotPlace place, eventstore::SubjectCipher& cipher)
    : path_(std::move(path)), place_(std::move(place)), cipher_(&cipher) {}

void SnapshotWriter::raw(const void* bytes, std::size_t count) {
    if (parts_.empty() || parts_.back().size() >= kPartBytes) parts_.emplace_back().reserve(kPartBytes + kPartRoom);
    parts_.back().append(static_cast<const char*>(bytes), count);
}

void SnapshotWriter::number(std::int64_t number) { raw(&number, sizeof number); }
void SnapshotWriter::id(const Uuid& id) { raw(id.bytes.data(), id.bytes.size()); }
void SnapshotWriter::digest(const eventstore::Digest& digest) { raw(digest.data(), digest.size()); }
void SnapshotWriter::text(std::string_view text) {
    number(static_cast<std::int64_t>(text.size()));
    raw(text.data(), text.size());
}
void SnapshotWriter::texts(const std::vector<std::string>& texts) {
    number(static_cast<std::int64_t>(texts.size()));
    for (const std::string& one : texts) text(one);
}

Result<void, std::string> SnapshotWriter::finish() {
    const std::string made = path_ + ".new";
    ::unlink(made.c_str());  // of a process that ended while it wrote
    // Who has a session where is nobody else's business.
    const int descriptor = ::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    std::ofstream file(made, std::ios::binary | std::ios::in | std::ios::out);
    file.write(kMagic.data(), static_cast<std::streamsize>(kMagic.size()));
    file.write(reinterpret_cast<const char*>(place_.snapshot_id.bytes.data()), sizeof place_.snapshot_id.bytes);
    std::int32_t number = 0;
    for (std::string& part : parts_) {
        const std::string sealed = cipher_->seal_snapshot(context_of(place_, ++number), part);
        std::string().swap(part);
        const auto size = static_cast<std::uint32_t>(sealed.size());
        file.write(reinterpret_cast<const char*>(&size), sizeof size);
        file.write(sealed.data(), static_cast<std::streamsize>(sealed.size()));
    }
    file.close();
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (!file || !synced || std::rename(made.c_str(), path_.c_str()) != 0)
        return Unexpected("the snapshot " + path_ + " can't be written: " + std::strerror(errno));
    return {};
}

// ---- reading ---------------------------------------------------------------------------------------------------
SnapshotReader::SnapshotReader(std::ifstream file, SnapshotPlace place, eventstore::SubjectCipher& cipher)
    : file_(std::move(file)), place_(std::move(place)), cipher_(&cipher) {}

std::optional<SnapshotReader> SnapshotReader::open(const std::string& path, const Uuid& log_id, std::string fold,
                                                   eventstore::SubjectCipher& cipher) {
    std::ifstream file(path, std::ios::binary);
    std::string magic(kMagic.size(), '\0');
    SnapshotPlace place{{}, log_id, std::move(fold)};
    file.read(magic.data(), static_cast<std::streamsize>(magic.size()));
    file.read(reinterpret_cast<char*>(place.snapshot_id.bytes.data()), sizeof place.snapshot_id.bytes);
    if (!file || magic != kMagic) return std::nullopt;
    return SnapshotReader(std::move(file), std::move(place), cipher);
}

bool SnapshotReader::open_next_part() {
    std::uint32_t size = 0;
    file_.read(reinterpret_cast<char*>(&size), sizeof size);
    if (file_.gcount() == 0) return false;
    if (!file_ || size > kMaxSealedPart) throw CodecError("the snapshot is torn");
    std::string sealed(size, '\0');
    if (!file_.read(sealed.data(), size)) throw CodecError("the snapshot is torn");
    auto clear = cipher_->open_snapshot(context_of(place_, ++parts_), sealed);
    if (!clear) throw CodecError("the snapshot was changed, or is sealed under a key that is not here");
    part_ = std::move(*clear);
    at_ = 0;
    return true;
}

void SnapshotReader::raw(void* bytes, std::size_t count) {
    auto* out = static_cast<char*>(bytes);
    while (count > 0) {
        if (at_ == part_.size()) {
            if (!open_next_part()) throw CodecError("the snapshot ends too early");
            continue;
        }
        const std::size_t some = std::min(count, part_.size() - at_);
        std::memcpy(out, part_.data() + at_, some);
        at_ += some;
        out += some;
        count -= some;
    }
}

std::int64_t SnapshotReader::number() {
    std::int64_t number = 0;
    raw(&number, sizeof number);
    return number;
}
std::int64_t SnapshotReader::up_to(std::int64_t most) {
    const std::int64_t given = number();
    if (given < 0 || given > most) throw CodecError("the snapshot holds a number that it can't");
    return given;
}
std::int64_t SnapshotReader::count() { return up_to(std::int64_t{1} << 32); }
Uuid SnapshotReader::uuid() {
    Uuid id;
    raw(id.bytes.data(), id.bytes.size());
    return id;
}
eventstore::Digest SnapshotReader::digest() {
    eventstore::Digest digest{};
    raw(digest.data(), digest.size());
    return digest;
}
std::string SnapshotReader::text() {
    std::string text(static_cast<std::size_t>(up_to(kMaxText)), '\0');
    raw(text.data(), text.size());
    return text;
}
std::vector<std::string> SnapshotReader::texts() {
    std::vector<std::string> texts;
    for (std::int64_t left = up_to(kMaxText); left > 0; --left) texts.push_back(text());
    return texts;
}
void SnapshotReader::end() {
    if (at_ != part_.size() || open_next_part()) throw CodecError("the snapshot holds more than it says");
}

}  // namespace keyledger::projections
