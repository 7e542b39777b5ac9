#include "tests/e2e/world/evidence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <pqxx/pqxx>
#include <set>
#include <thread>
#include <unordered_map>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kPublishPatience = 60s;
constexpr auto kPoll = 50ms;
constexpr const char* kTopics[] = {".events.v1", ".publisher.v1"};

// Read models answer questions about people, so these hold clear personal data and are left out of backups
// (docs/security.md): users hold addresses and names, sessions and the audit trail where somebody came from
// and with what. Their names end with a generation.
constexpr const char* kClearTables[] = {"read_models.users_", "read_models.sessions_", "read_models.audit_"};

bool may_hold_personal_data(const std::string& table) {
    return std::ranges::any_of(kClearTables, [&](const char* clear) { return table.starts_with(clear); });
}

// Every form in which a value could stand in text, digests without a key among them.
std::set<std::string> forms_of(const std::string& value) {
    std::string lower = value;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::set<std::string> forms{value, lower};
    for (const std::string& text : {value, lower}) {
        const auto digest = security::sha256(text);
        for (const std::string_view bytes : {std::string_view(text), security::view_of(digest)}) {
            forms.insert(security::hex_encode(bytes));
            forms.insert(security::base64url_encode(bytes));
        }
    }
    return forms;
}

// Thousands of values in megabytes of text: their beginnings are looked up at every byte, in one pass.
class Search {
public:
    explicit Search(const std::set<std::string>& values) {
        for (const std::string& value : values)
            for (const std::string& form : forms_of(value)) {
                if (form.size() < kBeginning) throw std::runtime_error("too short to be watched: " + value);
                forms_[form.substr(0, kBeginning)].push_back({form, value});
            }
    }
    // The watched values that the text holds in some form.
    std::set<std::string> found_in(std::string_view text) const {
        std::set<std::string> values;
        for (std::size_t at = 0; at + kBeginning <= text.size(); ++at) {
            const auto found = forms_.find(text.substr(at, kBeginning));
            if (found == forms_.end()) continue;
            for (const auto& [form, value] : found->second)
                if (text.substr(at).starts_with(form)) values.insert(value);
        }
        return values;
    }
    void expect_nowhere(std::string_view text, const std::string& where) const {
        for (const std::string& value : found_in(text)) ADD_FAILURE() << where << " holds a watched value: " << value;
    }

private:
    static constexpr std::size_t kBeginning = 8;
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    struct Form {
        std::string text;
        std::string value;
    };
    std::unordered_map<std::string, std::vector<Form>, Hash, std::equal_to<>> forms_;
};

std::size_t count_events(const Deployment& deployment) {
    pqxx::connection connection(deployment.database().owner_url());
    pqxx::read_transaction work(connection);
    return work.exec1("select count(*) from keyledger.events")[0].as<std::size_t>();
}

// None while the service is still making the topic, or the broker has no leader for it yet.
std::vector<ConsumedRecord> records_of(const std::string& topic) {
    try {
        return read_topic(kafka_brokers(), topic);
    } catch (const std::runtime_error&) {
        return {};
    }
}

std::string text_of(const std::vector<ConsumedRecord>& records) {
    std::string all;
    for (const ConsumedRecord& record : records) {
        all.append(record.key).append("\n").append(record.value).append("\n");
        for (const auto& [name, value] : record.headers) all.append(name).append(value).append("\n");
    }
    return all;
}

}  // namespace

std::map<std::string, std::string> dumped_tables(const Deployment& deployment) {
    pqxx::connection connection(deployment.database().owner_url());
    pqxx::read_transaction work(connection);
    std::map<std::string, std::string> dumped;
    const auto tables =
        work.exec("select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE' "
                  "and table_schema not in ('pg_catalog', 'information_schema')");
    for (const auto& table : tables) {
        const std::string schema = table[0].c_str();
        const std::string name = table[1].c_str();
        std::string& text = dumped[schema + "." + name];
        const auto rows =
            work.exec("select t::text from " + work.quote_name(schema) + "." + work.quote_name(name) + " as t");
        for (const auto& row : rows) text.append(row[0].c_str()).append("\n");
    }
    return dumped;
}

std::string published_records(const Deployment& deployment) {
    const std::size_t events = count_events(deployment);
    const auto until = std::chrono::steady_clock::now() + kPublishPatience;
    std::vector<ConsumedRecord> records;
    for (;;) {
        records = records_of(deployment.topic_prefix() + kTopics[0]);
        if (records.size() >= events || std::chrono::steady_clock::now() > until) break;
        std::this_thread::sleep_for(kPoll);  // nobody tells a consumer that it has seen everything
    }
    EXPECT_EQ(records.size(), events) << "the log and the topic differ";
    return text_of(records) + text_of(read_topic(kafka_brokers(), deployment.topic_prefix() + kTopics[1]));
}

void expect_no_secret_lies_open(const Deployment& deployment, const std::string& records) {
    const Search secrets(watched_secrets());
    const Search personal(watched_personal());
    std::map<std::string, std::string> texts = dumped_tables(deployment);
    for (const char* table : {"keyledger.events", "keyledger.credentials", "read_models.users_1"})
        EXPECT_FALSE(texts[table].empty()) << table << ": nothing to judge";
    EXPECT_FALSE(personal.found_in(texts["read_models.users_1"]).empty()) << "the search finds nothing anywhere";
    EXPECT_FALSE(personal.found_in(texts["read_models.sessions_1"]).empty()) << "nor here";
    texts["Kafka"] = records;
    texts["the output of the processes"] = deployment.logs();
    EXPECT_NE(texts["the output of the processes"].find(R"("log":"access")"), std::string::npos)
        << "the log of accesses is not there to be searched";
    for (const auto& [where, text] : texts) {
        secrets.expect_nowhere(text, where);
        if (!may_hold_personal_data(where)) personal.expect_nowhere(text, where);
        EXPECT_EQ(text.find("$argon2id$"), std::string::npos) << where << " holds a password hash";
    }
}

}  // namespace keyledger::test
