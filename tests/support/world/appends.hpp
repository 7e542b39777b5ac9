#pragma once
// Appends for tests, with defaults for whatever the test does not care about.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include "domain/base/time.hpp"
#include "eventstore/store.hpp"
#include "tests/support/world/ids.hpp"

namespace keyledger::test {

// Identifiers that differ in every call and are the same in every run of one test.
inline TestId next_uuid() {
    static std::atomic<std::uint64_t> count{0};
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    const std::string name = info == nullptr ? "" : std::string(info->test_suite_name()) + "." + info->name();
    const std::uint64_t test = std::hash<std::string>{}(name);
    const std::uint64_t number = ++count;
    Uuid id;
    for (std::size_t i = 0; i < 8; ++i) {
        id.bytes[i] = static_cast<std::uint8_t>(test >> (8 * i));
        id.bytes[8 + i] = static_cast<std::uint8_t>(number >> (8 * (7 - i)));
    }
    return id;
}
inline eventstore::Digest next_digest() {
    eventstore::Digest digest{};
    const Uuid a = next_uuid();
    const Uuid b = next_uuid();
    std::copy(a.bytes.begin(), a.bytes.end(), digest.begin());
    std::copy(b.bytes.begin(), b.bytes.end(), digest.begin() + 16);
    return digest;
}
inline eventstore::Bytes next_bytes() {
    const auto digest = next_digest();
    return {digest.begin(), digest.end()};
}

inline eventstore::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

// AppendBuilder().write(user, 0).guard(session, 3).take("email", digest, user).build()
class AppendBuilder {
public:
    AppendBuilder() {
        append_.command_id = next_digest();
        append_.fingerprint = next_digest();
    }
    AppendBuilder& id(const eventstore::CommandId& command_id) { return append_.command_id = command_id, *this; }
    AppendBuilder& fingerprint(const eventstore::Digest& digest) { return append_.fingerprint = digest, *this; }
    // `count` events after `version`.
    AppendBuilder& write(const Uuid& stream_id, std::int32_t version, int count = 1,
                         const std::string& payload = R"({"n":1})", const std::string& stream_type = "user") {
        append_.writes.push_back({stream_id, version});
        for (int i = 1; i <= count; ++i) {
            eventstore::NewEvent& event = append_.events.emplace_back();
            event.stream_type = stream_type;
            event.stream_id = stream_id;
            event.version = version + i;
            event.type = "user.enabled";
            event.event_id = next_uuid();
            event.payload = payload;
            event.metadata = R"({"by":"test"})";
        }
        return *this;
    }
    AppendBuilder& guard(const Uuid& stream_id, std::int32_t version) {
        return append_.guards.push_back({stream_id, version}), *this;
    }
    AppendBuilder& take(const std::string& kind, const eventstore::Bytes& digest, const Uuid& owner) {
        append_.claims.push_back({eventstore::ClaimChange::Op::kTake, kind, "key-1", digest, owner});
        return *this;
    }
    AppendBuilder& release(const std::string& kind, const eventstore::Bytes& digest, const Uuid& owner) {
        append_.claims.push_back({eventstore::ClaimChange::Op::kRelease, kind, "key-1", digest, owner});
        return *this;
    }
    AppendBuilder& credential(const TestId& id, const Uuid& owner, std::int32_t expected_revision,
                              std::optional<eventstore::Bytes> sealed, const std::string& kind = "password") {
        append_.credentials.push_back({id, owner, kind, expected_revision, std::move(sealed)});
        return *this;
    }
    AppendBuilder& new_key(const Uuid& subject, const Uuid& key_id) {
        append_.new_keys.push_back({subject, key_id, "wrapped", "kek-1"});
        return *this;
    }
    AppendBuilder& use_key(const Uuid& subject, const Uuid& key_id) {
        return append_.key_uses.push_back({subject, key_id}), *this;
    }
    AppendBuilder& spend(const eventstore::Digest& digest, Instant made_at, Instant expires_at) {
        return append_.spent.push_back({digest, made_at, expires_at}), *this;
    }
    AppendBuilder& destroy_key(const Uuid& subject, const Uuid& key_id) {
        return append_.destroyed_keys.push_back({subject, key_id}), *this;
    }
    eventstore::Append build() const { return append_; }
    operator eventstore::Append() const { return append_; }

private:
    eventstore::Append append_;
};

}  // namespace keyledger::test
