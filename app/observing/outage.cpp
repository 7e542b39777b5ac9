#include "app/observing/outage.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace keyledger::app {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{250};
constexpr std::chrono::milliseconds kPatience{1'000};  // a session that is opened anew at once is no outage

std::string seconds_text(std::chrono::steady_clock::duration time) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

}  // namespace

void Outage::see(std::string_view trouble, Time now) {
    Told told;
    {
        const std::lock_guard lock(mutex_);
        if (trouble.empty()) {
            const bool was_told = std::exchange(told_, false);
            const auto since = std::exchange(since_, std::nullopt);
            if (!was_told) return;
            told = {false, what_ + " is back, after " + seconds_text(now - *since)};
        } else {
            if (!since_) since_ = now;
            if (told_ || now - *since_ < patience_) return;
            told_ = true;
            told = {true, what_ + " is away: " + std::string(first_line(trouble))};
        }
    }
    tell_(told);
}

Outage::Tell tell_in_log() {
    return [](const Outage::Told& told) {
        if (told.away) spdlog::warn("{}", told.sentence);
        else spdlog::info("{}", told.sentence);
    };
}

OutageWatch::Watched::Watched(std::string what, Look how)
    : outage(std::move(what), kPatience, tell_in_log()), look(std::move(how)) {}

OutageWatch::~OutageWatch() { stop(); }

void OutageWatch::add(std::string what, Look look) {
    watched_.push_back(std::make_unique<Watched>(std::move(what), std::move(look)));
}

void OutageWatch::start() {
    thread_ = std::thread([this] { run(); });
}

void OutageWatch::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void OutageWatch::run() {
    for (;;) {
        for (const auto& one : watched_)
            if (const auto trouble = one->look()) one->outage.see(*trouble, std::chrono::steady_clock::now());
        std::unique_lock lock(mutex_);
        if (wake_.wait_for(lock, kBetweenLooks, [this] { return stopping_; })) return;
    }
}

}  // namespace keyledger::app
