#pragma once
// The three stores behind one fixture. A store is shared by all tests of a programme, as it is in life: tests make
// their own streams and never assume that the log is empty.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "domain/base/time.hpp"
#include "eventstore/log_source.hpp"
#include "eventstore/store.hpp"
#include "tests/support/await.hpp"
#include "tests/support/world/appends.hpp"

namespace keyledger::test {

struct StoreUnderTest {
    std::string name;
    std::function<eventstore::Store&()> store;
    std::function<std::unique_ptr<eventstore::LogSource>()> follow;
    std::function<Instant()> server_now;  // the clock by which what is spent expires
};

class StoreContract : public testing::TestWithParam<StoreUnderTest> {
protected:
    eventstore::Store& store() { return GetParam().store(); }
    std::unique_ptr<eventstore::LogSource> follow() { return GetParam().follow(); }
    Instant server_now() { return GetParam().server_now(); }

    Result<eventstore::Verdict, eventstore::StoreError> append(const eventstore::Append& append) {
        return await(store().append(append, soon()));
    }
    // Fails the test unless the append is accepted.
    eventstore::Appended accepted(const eventstore::Append& one) {
        const auto verdict = append(one);
        if (!verdict || !std::holds_alternative<eventstore::Appended>(*verdict)) {
            ADD_FAILURE() << "was not appended";
            return {};
        }
        return std::get<eventstore::Appended>(*verdict);
    }
    template <class V>
    V refused_as(const eventstore::Append& one) {
        const auto verdict = append(one);
        if (!verdict || !std::holds_alternative<V>(*verdict)) {
            ADD_FAILURE() << "another verdict: " << (verdict ? static_cast<int>(verdict->index()) : -1);
            return {};
        }
        return std::get<V>(*verdict);
    }
    eventstore::StreamSlice stream(const Uuid& stream_id, std::int32_t after_version = 0) {
        const auto slices = await(store().read_streams({{stream_id, after_version}}, soon()));
        return slices.value().at(0);
    }
    std::int32_t version_of(const Uuid& stream_id) { return stream(stream_id).version; }
    eventstore::Head head() { return await(store().head(soon())).value(); }
};

const std::vector<StoreUnderTest>& stores_under_test();
// The same, but what they keep in the background is kept in the order in which it was asked for.
const std::vector<StoreUnderTest>& stores_that_keep_in_order();

}  // namespace keyledger::test
