#include "eventstore/kafka/topics/record_mac.hpp"

#include <stdexcept>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::kafka {
namespace {

// Longer than a leaf hash, which is all that the same keys are used for elsewhere.
constexpr std::string_view kContext = "keyledger kafka record v1: topic, key, value, headers";

// What a MAC is over, as security::length_prefixed() joins it, in a text of the caller's whose room is kept.
class Parts {
public:
    explicit Parts(std::string& bytes) : bytes_(bytes) {
        bytes_.clear();
        add(kContext);
    }
    void add(std::string_view part) {
        if (part.size() > 0xFFFFFFFF) throw std::length_error("a part of a record is above 4 GiB");
        for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(part.size() >> shift & 0xFF);
        bytes_ += part;
    }
    std::string_view bytes() const { return bytes_; }

private:
    std::string& bytes_;
};

std::string_view mac_in(const Digest& digest) { return security::view_of(digest).substr(0, std::tuple_size_v<Mac>); }

// In a time that does not depend on where they differ.
bool are_equal(std::string_view one, std::string_view other) {
    if (one.size() != other.size()) return false;
    unsigned different = 0;
    for (std::size_t i = 0; i < one.size(); ++i)
        different |= static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i]);
    return different == 0;
}

}  // namespace

std::shared_ptr<const security::HmacKey> RecordMacs::key(const std::string& id, const Uuid& log_id) {
    const auto known = ready_.find({id, log_id});
    if (known != ready_.end()) return known->second;
    auto made = keys_->key(id, log_id);
    if (made) ready_.emplace(std::pair(id, log_id), made);  // names that nobody knows don't fill it
    return made;
}

void RecordMacs::sign(Record& record, std::string_view topic, const Uuid& log_id) {
    if (newest_.empty()) newest_ = keys_->writing_keys().at(0);
    const auto with = key(newest_, log_id);
    if (!with) throw std::runtime_error("the keyring has lost the key " + newest_ + " for the MACs of records");
    Parts parts(input_);
    parts.add(topic);
    parts.add(record.key);
    parts.add(record.value ? "value" : "none");
    parts.add(record.value ? std::string_view(*record.value) : std::string_view());
    for (const auto& [name, value] : record.headers) {
        parts.add(name);
        parts.add(value);
    }
    record.headers.emplace_back(kMacHeader,
                                newest_ + "." + security::base64url_encode(mac_in(with->of(parts.bytes()))));
}

RecordWriter RecordMacs::writer_of(const ReadRecord& record, std::string_view topic, const Uuid& log_id) {
    Parts parts(input_);
    parts.add(topic);
    parts.add(record.key());
    parts.add(record.has_value() ? "value" : "none");
    parts.add(record.value());
    std::string_view given;
    bool once = true;
    record.each_header([&](std::string_view name, std::string_view value) {
        if (name == kMacHeader) {
            once = given.empty();
            given = value;
            return;
        }
        parts.add(name);
        parts.add(value);
    });
    if (given.empty()) return RecordWriter::kUnnamed;
    const auto dot = given.find('.');
    if (!once || dot == given.npos) return RecordWriter::kOther;
    const auto mac = security::base64url_decode(given.substr(dot + 1));
    const auto with = key(std::string(given.substr(0, dot)), log_id);
    if (!mac || !with) return RecordWriter::kOther;
    const Digest right = with->of(parts.bytes());
    return are_equal(mac_in(right), *mac) ? RecordWriter::kService : RecordWriter::kOther;
}

}  // namespace keyledger::eventstore::kafka
