// Exports as `audit replay --file` folds them. No server is asked.
#include "app/cli/replay_sources.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "domain/access/role.hpp"
#include "domain/log/log_keeping.hpp"
#include "eventstore/audit/export_file.hpp"
#include "eventstore/codec/jcs.hpp"

using namespace keyledger;
using namespace keyledger::app;

namespace {

const Uuid kRole = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000001");

// Three records of a role, of which the second is not the service's: nobody could decode it.
class ReplayOfAnExport : public testing::Test {
protected:
    ReplayOfAnExport() {
        std::string folder = std::filesystem::temp_directory_path() / "keyledger-export-XXXXXX";
        EXPECT_NE(::mkdtemp(folder.data()), nullptr);
        folder_ = folder;
        says("role", kRole, 1, "role.defined", 2, R"({"deny":[],"kind":"custom","name":"Clerk","permissions":[]})");
        says("role", kRole, 2, "role.seized", 1, R"({"by":"somebody"})");
        says("role", kRole, 3, "role.deleted", 1, "{}");
    }

    ~ReplayOfAnExport() override { std::filesystem::remove_all(folder_); }

    void says(std::string_view stream_type, const Uuid& stream, std::int32_t version, std::string_view type, int schema,
              std::string payload) {
        eventstore::RecordedEvent event;
        event.position = static_cast<Position>(lines.size()) + 1;
        event.tenant = "default";
        event.stream_type = stream_type;
        event.stream_id = stream;
        event.version = version;
        event.type = type;
        event.schema_version = static_cast<std::int16_t>(schema);
        event.event_id = stream;
        event.payload = std::move(payload);
        event.metadata = R"({"actor":"system","at":1700000000000})";
        event.recorded_at = Instant::at_ms(1'700'000'000'000 + event.position);
        lines.push_back(eventstore::audit::export_line(event));
    }
    void disavows(Position position) {
        says(LogKeeping::kStreamType, kLogStream, ++log_version_, LogDisavowed::kType, 1,
             R"({"leaf_hash":"00","position":)" + std::to_string(position) + "}");
    }

    Position fold(ReplayEnd until = {}) {
        const std::filesystem::path path = folder_ / "log.ndjson";
        std::ofstream out(path, std::ios::binary);
        for (const std::string& line : lines) out << line << '\n';
        out.close();
        return fold_file(path, until, replay);
    }
    Role::Status status() const { return eventstore::state_in<Role>(*replay.streams().at(kRole).fold.state)->status; }

    std::vector<std::string> lines;
    commands::Replay replay{commands::Replay::Selection()};

private:
    std::filesystem::path folder_;
    std::int32_t log_version_ = 0;
};

}  // namespace

TEST_F(ReplayOfAnExport, StopsAtARecordThatNobodyCanDecode) {
    EXPECT_THROW(fold(), eventstore::CodecError);
    EXPECT_EQ(status(), Role::Status::kDefined);
}

TEST_F(ReplayOfAnExport, PassesOverWhatIsDisavowedLater) {
    disavows(2);
    EXPECT_EQ(fold(), 4);
    EXPECT_EQ(status(), Role::Status::kDeleted);
    EXPECT_EQ(replay.streams().at(kRole).fold.version, 3);
    EXPECT_EQ(replay.folded(), 3);
}

// An export says what it says however it is written.
TEST_F(ReplayOfAnExport, SeesADisavowalThatIsWrittenWithEscapes) {
    disavows(2);
    std::string& line = lines.back();
    const std::size_t at = line.find(LogDisavowed::kType);
    ASSERT_NE(at, line.npos);
    line.replace(at, LogDisavowed::kType.size(), R"(log.dis\u0061vowed)");
    EXPECT_EQ(fold(), 4);
    EXPECT_EQ(status(), Role::Status::kDeleted);
}

TEST_F(ReplayOfAnExport, TakesNoOthersWordForADisavowal) {
    says("role", *Uuid::parse("0192e4a0-0000-7abc-8def-000000000002"), 1, "role.defined", 2,
         R"({"deny":[],"kind":"custom","name":"log.disavowed","permissions":[]})");
    EXPECT_THROW(fold(), eventstore::CodecError);
}

TEST_F(ReplayOfAnExport, DoesNotBelieveADisavowalThatIsDisavowed) {
    disavows(2);
    disavows(4);
    EXPECT_THROW(fold(), eventstore::CodecError);
}

TEST_F(ReplayOfAnExport, ReadsOnBehindItsEnd) {
    disavows(2);
    EXPECT_EQ(fold({.position = 3, .time = {}}), 3) << "what is disavowed later was so then";
    EXPECT_EQ(status(), Role::Status::kDeleted);
    lines.push_back("{}");
    EXPECT_THROW(fold({.position = 3, .time = {}}), eventstore::CodecError) << "it is no export";
}

TEST_F(ReplayOfAnExport, SaysWhichPositionIsMissing) {
    disavows(2);
    lines.erase(lines.begin() + 2);
    try {
        fold();
        ADD_FAILURE() << "it is not whole";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("position 3 is missing"), std::string::npos) << error.what();
    }
}
