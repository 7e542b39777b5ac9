#include "app/serve/reloading.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "app/core/config_checks.hpp"
#include "app/core/logging.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

constexpr std::string_view kKeyring = "KEYLEDGER_KEYRING_FILE";
constexpr std::string_view kClients = "KEYLEDGER_CLIENTS_FILE";
constexpr std::string_view kCertificate = "KEYLEDGER_TLS_CERTIFICATE_FILE";
constexpr std::string_view kKeyOfTls = "KEYLEDGER_TLS_KEY_FILE";
constexpr std::string_view kLevel = "KEYLEDGER_LOG_LEVEL";
constexpr std::string_view kAccesses = "KEYLEDGER_ACCESS_LOG";
constexpr std::size_t kMostTold = 5;  // in the detail of a check; the log has them all

bool is_of(std::string_view sentence, std::string_view setting) { return setting_named_in(sentence) == setting; }

bool has_fault_of(const std::vector<std::string>& faults, std::string_view setting) {
    return std::ranges::any_of(faults, [&](const std::string& one) { return is_of(one, setting); });
}

// Once, where looking at the settings found it, too.
void add(std::vector<std::string>& faults, std::string_view setting, const std::string& sentence) {
    if (!has_fault_of(faults, setting)) faults.push_back(std::string(setting) + ": " + sentence);
}

std::string joined(const std::vector<std::string>& texts, const char* between) {
    std::string all;
    for (std::size_t i = 0; i < texts.size() && i < kMostTold; ++i) all.append(i == 0 ? "" : between).append(texts[i]);
    if (texts.size() > kMostTold) all += " and " + std::to_string(texts.size() - kMostTold) + " more; see the log";
    return all;
}

}  // namespace

Reloading::Reloading(const LenientConfig& started_with, Reloaded what) : what_(what) {
    for (const auto& [setting, value] : started_with.values) in_force_[setting->name] = value.text;
}

void Reloading::reload(const LenientConfig& read) {
    Status status;
    status.at = what_.clock.now();
    status.faults = all_faults(read);
    take_settings(read, status);
    take_keyring(status.faults);
    take_clients(status.faults);
    take_certificate(status.faults);
    for (const std::string& sentence : status.faults) spdlog::error("reload: {}", sentence);
    for (const std::string& name : status.next_time)
        spdlog::warn("reload: {} has changed, and counts from the next start on", name);
    if (status.faults.empty()) spdlog::info("reloaded");
    else spdlog::error("reloaded in part: what these {} lines name stays as it was", status.faults.size());
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
}

// Where the sources could not be read, or a value is no good, what was in force stays so.
void Reloading::take_settings(const LenientConfig& read, Status& status) {
    if (!read.are_sources_read) return;
    for (const auto& [setting, value] : read.values) {
        if (has_fault_of(read.faults.sentences, setting->name)) continue;
        std::string& before = in_force_[setting->name];
        if (setting->is(kReloaded)) before = value.text;
        else if (before != value.text) status.next_time.emplace_back(setting->name);
    }
    (void)set_log_level(in_force_[kLevel]);
    if (const auto rule = parse_access_log_rule(in_force_[kAccesses])) what_.access_log.use(*rule);
}

void Reloading::take_keyring(Faults& faults) {
    const auto reloaded = what_.keyring.reload(what_.clock.now());
    if (reloaded) spdlog::info("read the keyring again");
    else add(faults, kKeyring, reloaded.error().message);
}

void Reloading::take_clients(Faults& faults) {
    auto clients = FileClients::load(in_force_[kClients]);
    if (!clients) return add(faults, kClients, clients.error().front());
    what_.clients.replace(std::move(*clients));
    if (!in_force_[kClients].empty()) spdlog::info("read the clients file again");
}

void Reloading::take_certificate(Faults& faults) {
    const std::string& key_file = in_force_[kKeyOfTls];  // as the listener was started with
    if (key_file.empty()) return;
    try {
        if (const auto unsafe = security::what_is_wrong_with_secret_file(key_file))
            return add(faults, kKeyOfTls, *unsafe);
        what_.server.reload_tls();
        spdlog::info("read the TLS certificate again, for connections that come from now on");
    } catch (const api::ServerError& error) {
        add(faults, kCertificate, error.what());
    }
}

api::HealthCheck Reloading::check() const {
    const std::lock_guard lock(mutex_);
    if (!status_.faults.empty())
        return {
            "reload", false,
            "the last SIGHUP left something as it was: " + joined(status_.faults, "; ") + "; mend it and send another",
            false};
    if (!status_.next_time.empty())
        return {"reload", true, "changed, and counts from the next start on: " + joined(status_.next_time, ", ")};
    return {"reload", true, "settings and files are in force as they were last read"};
}

Samples Reloading::samples() const {
    const std::lock_guard lock(mutex_);
    return {{"keyledger_reload_failed",
             "1 while the last SIGHUP left something as it was; see /health/ready",
             {},
             status_.faults.empty() ? 0.0 : 1.0},
            {"keyledger_reload_settings_for_next_start",
             "Settings that have changed and count from the next start on",
             {},
             static_cast<double>(status_.next_time.size())},
            {"keyledger_reload_timestamp_seconds",
             "When the last SIGHUP was carried out, since 1970; 0: there was none",
             {},
             static_cast<double>(status_.at.ms()) / 1000}};
}

}  // namespace keyledger::app
