#include "api/requests/network.hpp"

#include <gtest/gtest.h>

using namespace keyledger::api;

namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

std::string client(std::string_view peer, std::vector<std::string_view> forwarded_for) {
    std::vector<Cidr> proxies{Cidr::parse("10.0.0.0/8").value(), Cidr::parse("fd00::/8").value()};
    return client_behind(ip(peer), forwarded_for, proxies).to_string();
}

}  // namespace

TEST(IpAddress, HoldsMappedAndPlainIpv4AsOne) {
    EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
    EXPECT_EQ(ip("::ffff:192.0.2.1").to_string(), "192.0.2.1");
    EXPECT_EQ(ip("2001:DB8::0:1").to_string(), "2001:db8::1");
    for (const char* text : {"0.0.0.0", "10.20.30.4", "127.0.0.1", "255.255.255.255"})
        EXPECT_EQ(ip(text).to_string(), text);
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
    for (const char* text :
         {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4:80", "[::1]", "fe80::1%eth0", "localhost", ":::"})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
}

TEST(IpAddress, CountsAHostInIpv4AndASlash64InIpv6AsOneCaller) {
    EXPECT_EQ(ip("192.0.2.7").caller_network(), ip("192.0.2.7"));
    EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6").caller_network(), ip("2001:db8:1:2::"));
}

TEST(Cidr, ContainsItsNetworkOnly) {
    auto network = Cidr::parse("172.16.0.0/12");
    ASSERT_TRUE(network);
    EXPECT_TRUE(network->contains(ip("172.31.255.255")));
    EXPECT_FALSE(network->contains(ip("172.32.0.0")));
    EXPECT_FALSE(network->contains(ip("::172.16.0.1")));
    EXPECT_TRUE(Cidr::parse("::/0")->contains(ip("2001:db8::1")));
    EXPECT_TRUE(Cidr::parse("127.0.0.1")->contains(ip("::ffff:127.0.0.1")));
}

TEST(Cidr, RefusesBadLengths) {
    for (const char* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "/8"})
        EXPECT_FALSE(Cidr::parse(text)) << text;
}

TEST(ClientBehind, IsThePeerWhenThePeerIsNoTrustedProxy) {
    EXPECT_EQ(client("203.0.113.9", {"198.51.100.1"}), "203.0.113.9");
}

TEST(ClientBehind, IsTheRightmostHopThatIsNoTrustedProxy) {
    EXPECT_EQ(client("10.0.0.1", {"192.0.2.66, 198.51.100.1, 10.9.9.9"}), "198.51.100.1");
    EXPECT_EQ(client("10.0.0.1", {"192.0.2.66", "198.51.100.1", "fd00::7,10.1.1.1"}), "198.51.100.1");
    EXPECT_EQ(client("::ffff:10.0.0.1", {"[2001:db8::5]:4711"}), "2001:db8::5");
    EXPECT_EQ(client("10.0.0.1", {"198.51.100.1:80"}), "198.51.100.1");
}

TEST(ClientBehind, StopsAtTheProxyThatReportedWhatIsNoAddress) {
    EXPECT_EQ(client("10.0.0.1", {"198.51.100.1, unknown"}), "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", {"198.51.100.1, , 10.2.2.2"}), "10.2.2.2");
    EXPECT_EQ(client("10.0.0.1", {""}), "10.0.0.1");
}

TEST(ClientBehind, IsTheFarthestProxyWhenAllAreTrusted) {
    EXPECT_EQ(client("10.0.0.1", {"10.3.3.3, 10.2.2.2"}), "10.3.3.3");
    EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
}
