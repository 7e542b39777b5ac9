#include "app/origins/starting_origins.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>

#include "domain/applications/application.hpp"

namespace keyledger::app {
namespace {

using namespace std::chrono_literals;
using projections::PageOrigins;

constexpr std::string_view kPage = "https://page.example";

PageOrigins with_page() {
    Application application;
    application.status = Application::Status::kEnabled;
    application.definition.type = ApplicationType::kSpa;
    application.definition.redirect_uris = {std::string(kPage) + "/callback"};
    PageOrigins origins;
    origins.change(nullptr, &application);
    return origins;
}

// What is loaded, one after the other, as the test says it.
class Loads {
public:
    ~Loads() { let_go(); }
    std::optional<PageOrigins> next() {
        std::unique_lock lock(mutex_);
        ++asked_;
        moved_.notify_all();
        moved_.wait(lock, [this] { return ended_ || !given_.empty(); });
        if (ended_) return std::nullopt;
        auto one = std::move(given_.front());
        given_.pop_front();
        return one;
    }
    void put(std::optional<PageOrigins> one) {
        const std::lock_guard lock(mutex_);
        given_.push_back(std::move(one));
        moved_.notify_all();
    }
    // Returns when it was taken over: the next one is asked for.
    void give(std::optional<PageOrigins> one) {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [this] { return asked_ > 0; });
        const int before = asked_;
        given_.push_back(std::move(one));
        moved_.notify_all();
        moved_.wait(lock, [&] { return asked_ > before; });
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        moved_.notify_all();
    }
    int asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    std::mutex mutex_;
    std::condition_variable moved_;
    std::deque<std::optional<PageOrigins>> given_;
    int asked_ = 0;
    bool ended_ = false;
};

struct StartingOriginsTest : testing::Test {
    std::atomic<bool> is_level = false;
    Loads loads;
    StartingOrigins origins{[this] { return loads.next(); }, [this] { return is_level.load(); }, 1ms};
    ~StartingOriginsTest() override {
        loads.let_go();
        origins.stop();
    }
};

TEST_F(StartingOriginsTest, AreKnownOnceTheyWereLoaded) {
    origins.start();
    EXPECT_FALSE(origins.are_known());
    loads.give(std::nullopt);
    EXPECT_FALSE(origins.are_known()) << "the database did not answer";
    EXPECT_EQ(origins.find(kPage), std::nullopt);
    loads.give(with_page());
    EXPECT_TRUE(origins.are_known());
    EXPECT_EQ(origins.find(kPage), ConsentRule::kRequired);
    EXPECT_EQ(origins.find("https://evil.example"), std::nullopt);
}

// Attack: an application is disabled while a node reads a long log.
TEST_F(StartingOriginsTest, AreGoneWithTheNextLoadIfTheyWereTakenAway) {
    origins.start();
    loads.give(with_page());
    loads.give(PageOrigins{});
    EXPECT_EQ(origins.find(kPage), std::nullopt);
}

TEST_F(StartingOriginsTest, AreNoneWhereTheyCantBeToldAnyMore) {
    origins.start();
    loads.give(with_page());
    loads.give(std::nullopt);
    EXPECT_EQ(origins.find(kPage), std::nullopt);
    EXPECT_TRUE(origins.are_known()) << "a node that serves goes on";
    loads.give(with_page());
    EXPECT_EQ(origins.find(kPage), ConsentRule::kRequired);
}

TEST_F(StartingOriginsTest, AreNotLoadedWhereMemoryKnowsThem) {
    is_level = true;
    origins.start();
    while (!origins.are_known()) std::this_thread::yield();
    EXPECT_EQ(loads.asked(), 0);
}

TEST_F(StartingOriginsTest, AreForgottenOnceMemoryKnowsThem) {
    origins.start();
    loads.give(with_page());
    is_level = true;
    loads.put(with_page());  // the one that is under way
    while (origins.find(kPage)) std::this_thread::yield();
    EXPECT_TRUE(origins.are_known());
    EXPECT_EQ(loads.asked(), 2) << "and nobody asks any more";
}

// Memory drops what it remembered where it meets another history, and reads the log once more.
TEST_F(StartingOriginsTest, AreLoadedAgainWhereMemoryKnowsThemNoMore) {
    is_level = true;
    origins.start();
    while (!origins.are_known()) std::this_thread::yield();
    is_level = false;
    loads.give(with_page());
    EXPECT_EQ(origins.find(kPage), ConsentRule::kRequired);
    loads.give(PageOrigins{});
    EXPECT_EQ(origins.find(kPage), std::nullopt) << "and taken away";
    EXPECT_TRUE(origins.are_known());
}

TEST(StartingOrigins, ThatNeverStartedAreStopped) {
    StartingOrigins origins([] { return std::nullopt; }, [] { return false; });
    origins.stop();
    EXPECT_FALSE(origins.are_known());
}

}  // namespace
}  // namespace keyledger::app
