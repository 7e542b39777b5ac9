#include "tests/e2e/world/mailbox.hpp"

#include <rapidjson/document.h>
#include <stdlib.h>

#include <chrono>
#include <regex>
#include <thread>
#include <tuple>

#include "tests/e2e/world/ports.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/support/http/http_client.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPython = "/usr/bin/python3";  // whose modules Debian installs
constexpr auto kMailPatience = 30s;
constexpr int kTries = 3;

std::string text_of(const rapidjson::Value& mail, const char* member) {
    const rapidjson::Value& value = mail[member];
    return {value.GetString(), value.GetStringLength()};
}

ReceivedMail mail_in(const rapidjson::Value& value) {
    ReceivedMail mail{
        value["id"].GetInt64(), text_of(value, "subject"), text_of(value, "text"), text_of(value, "html"), {}, {}};
    for (const auto& link : value["links"].GetArray()) mail.links.emplace_back(link.GetString());
    for (const auto& field : value["fields"].GetArray())
        if (std::string_view(field[0].GetString()) == "Message-ID") mail.message_id = field[1].GetString();
    return mail;
}

std::string percent_encoded(std::string_view text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const unsigned char c : text) (((out += '%') += kHex[c >> 4]) += kHex[c & 15]);
    return out;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%' || at + 2 >= text.size()) {
            out += text[at];
            continue;
        }
        out += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
        at += 2;
    }
    return out;
}

}  // namespace

std::string ReceivedMail::code() const {
    static const std::regex kCode("(?:^|\n) {4}([0-9]{6,8})\n");
    std::smatch found;
    if (!std::regex_search(text, found, kCode)) throw std::runtime_error("no code in the mail:\n" + text);
    return found[1];
}

std::string ReceivedMail::from_link(const std::string& parameter) const {
    const std::string link = links.empty() ? "" : links.front();
    const std::regex in_query("[?&]" + parameter + "=([^&#]*)");
    std::smatch found;
    if (!std::regex_search(link, found, in_query))
        throw std::runtime_error("no link with " + parameter + " in the mail:\n" + text);
    return watch_secret(percent_decoded(found[1].str()));
}

Mailbox::Mailbox() {
    std::string pattern = (std::filesystem::temp_directory_path() / "keyledger-mailbox.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("can't make a folder like " + pattern);
    folder_ = pattern;
    for (int attempt = 1;; ++attempt) {
        std::tie(smtp_port_, page_port_) = free_ports();
        const std::vector<std::string> words{kPython,
                                             "-B",
                                             KEYLEDGER_SOURCE_DIR "/scripts/lib/mailbox.py",
                                             "--smtp-port",
                                             std::to_string(smtp_port_),
                                             "--page-port",
                                             std::to_string(page_port_)};
        process_ = std::make_unique<Process>(words, Environment{}, folder_ / "log");
        if (started()) return;
        if (attempt == kTries) throw std::runtime_error("the mailbox did not start:\n" + process_->output());
    }
}

Mailbox::~Mailbox() {
    process_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

// False: it ended, as it does where another was faster to take its port.
bool Mailbox::started() {
    const auto until = std::chrono::steady_clock::now() + kMailPatience;
    while (process_->runs() && std::chrono::steady_clock::now() < until) {
        try {
            if (HttpClient(page_port_).get("/health").status == 204) return true;
        } catch (const ClientError&) {
            // Nobody listens yet.
        }
        std::this_thread::sleep_for(10ms);  // it tells nobody when it listens: one has to ask
    }
    return false;
}

Environment Mailbox::settings() const {
    return {{"KEYLEDGER_SMTP_URL", "smtp://127.0.0.1:" + std::to_string(smtp_port_)},
            {"KEYLEDGER_MAIL_FROM", "accounts@keyledger.test"}};
}

std::vector<ReceivedMail> Mailbox::ask(const std::string& address, std::int64_t after, int wait_s) {
    const HttpResponse answer = HttpClient(page_port_)
                                    .get("/messages?to=" + percent_encoded(address) +
                                         "&after=" + std::to_string(after) + "&wait=" + std::to_string(wait_s));
    rapidjson::Document body;
    body.Parse(answer.body.data(), answer.body.size());
    if (answer.status != 200 || body.HasParseError()) throw std::runtime_error("the mailbox says: " + answer.body);
    std::vector<ReceivedMail> mails;
    for (const auto& mail : body["messages"].GetArray()) mails.push_back(mail_in(mail));
    return mails;
}

std::vector<ReceivedMail> Mailbox::mails_to(const std::string& address, std::int64_t after) {
    return ask(address, after, 0);
}

ReceivedMail Mailbox::await_mail(const std::string& address, const std::string& subject, std::int64_t after) {
    const auto until = std::chrono::steady_clock::now() + kMailPatience;
    std::string others;
    while (std::chrono::steady_clock::now() < until) {
        for (ReceivedMail& mail : ask(address, after, 5)) {
            if (mail.subject.find(subject) != std::string::npos) return mail;
            after = mail.id;
            others += "\n  " + mail.subject;
        }
    }
    throw std::runtime_error("no mail '" + subject + "' to " + address + "; only" +
                             (others.empty() ? " none" : others));
}

}  // namespace keyledger::test
