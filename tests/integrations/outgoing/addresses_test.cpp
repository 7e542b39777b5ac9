#include "integrations/outgoing/addresses.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>

using namespace keyledger::integrations;

namespace {

sockaddr_storage address_of(const char* text) {
    sockaddr_storage made{};
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        std::memcpy(&made, &v4, sizeof v4);
    } else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        std::memcpy(&made, &v6, sizeof v6);
    } else {
        ADD_FAILURE() << text << " is no address";
    }
    return made;
}
bool is_open(const char* text) {
    const sockaddr_storage address = address_of(text);
    return is_of_open_internet(reinterpret_cast<const sockaddr&>(address));
}
bool is_this_machine(const char* text) {
    const sockaddr_storage address = address_of(text);
    return is_loopback(reinterpret_cast<const sockaddr&>(address));
}

}  // namespace

TEST(OutgoingAddresses, AreOpenWhereEverybodyIs) {
    for (const char* text :
         {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
          "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255",
          "172.32.0.0",      "192.0.1.0",       "192.167.255.255", "192.169.0.0",    "198.17.255.255",
          "198.20.0.0",      "223.255.255.255", "2606:4700::1111", "2001:200::1",    "2a00:1450:4001:829::200e",
          "64:ff9b::8.8.8.8"})
        EXPECT_TRUE(is_open(text)) << text;
}

TEST(OutgoingAddresses, AreClosedWhereSomebodyIsAtHome) {
    for (const char* text :
         {"0.0.0.0",     "0.1.2.3",         "10.0.0.1",        "10.255.255.255", "100.64.0.1",     "100.127.255.255",
          "127.0.0.1",   "127.255.255.255", "169.254.169.254", "172.16.0.1",     "172.31.255.255", "192.0.0.1",
          "192.0.2.1",   "192.88.99.1",     "192.168.1.1",     "198.18.0.1",     "198.19.255.255", "198.51.100.1",
          "203.0.113.1", "224.0.0.1",       "239.255.255.255", "240.0.0.1",      "255.255.255.255"})
        EXPECT_FALSE(is_open(text)) << text;
    for (const char* text : {"::",
                             "::1",
                             "::127.0.0.1",
                             "::ffff:127.0.0.1",
                             "::ffff:8.8.8.8",
                             "fe80::1",
                             "fc00::1",
                             "fd12:3456::1",
                             "fec0::1",
                             "ff02::1",
                             "100::1",
                             "2001::1",
                             "2001:1ff::1",
                             "2001:db8::1",
                             "2002:7f00:1::",
                             "3fff::1",
                             "64:ff9b::127.0.0.1",
                             "64:ff9b::10.0.0.1",
                             "64:ff9b:1::8.8.8.8",
                             "5f00::1",
                             "4000::1"})
        EXPECT_FALSE(is_open(text)) << text;
    sockaddr other{};
    other.sa_family = AF_UNIX;
    EXPECT_FALSE(is_of_open_internet(other));
}

TEST(OutgoingAddresses, KnowThisMachine) {
    for (const char* text : {"127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE(is_this_machine(text)) << text;
    for (const char* text : {"128.0.0.1", "10.0.0.1", "::2", "::", "::ffff:127.0.0.1"})
        EXPECT_FALSE(is_this_machine(text)) << text;
}
