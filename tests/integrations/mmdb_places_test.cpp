#include "integrations/places/mmdb_places.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/places/mmdb_file.hpp"

namespace keyledger::integrations {
namespace {

class MmdbPlacesTest : public testing::Test {
protected:
    MmdbPlacesTest() : path_(testing::TempDir() + "places-" + std::to_string(getpid()) + ".mmdb") {}
    ~MmdbPlacesTest() override { std::filesystem::remove(path_); }
    void write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

    const std::string path_;
};

TEST_F(MmdbPlacesTest, KnowCountryCityAndCoordinates) {
    write(test::mmdb_of_documentation());
    const auto places = MmdbPlaces::open(path_);
    ASSERT_TRUE(places) << places.error();
    const auto berlin = (*places)->find(test::kInBerlin);
    EXPECT_EQ(berlin.country, "DE");
    EXPECT_EQ(berlin.city, "Berlin");
    ASSERT_TRUE(berlin.at);
    EXPECT_DOUBLE_EQ(berlin.at->latitude, 52.52);
    EXPECT_DOUBLE_EQ(berlin.at->longitude, 13.41);
    EXPECT_EQ((*places)->find(test::kInSydney).country, "AU");
    EXPECT_EQ((*places)->find("192.0.2.0").city, "Berlin");
    EXPECT_EQ((*places)->find("192.0.2.255").city, "Berlin");
}

TEST_F(MmdbPlacesTest, KnowNothingOfOtherAddresses) {
    write(test::mmdb_of_documentation());
    const auto places = MmdbPlaces::open(path_);
    ASSERT_TRUE(places);
    for (const char* address : {"192.0.3.0", "10.0.0.1", "2001:db8::1", "::1", "", "no address", "192.0.2.7/24"}) {
        const auto place = (*places)->find(address);
        EXPECT_EQ(place.country + place.city, "") << address;
        EXPECT_FALSE(place.at) << address;
    }
}

// What stands in the file is somebody else's: a country is two letters, or the place is not known.
TEST_F(MmdbPlacesTest, BelieveNoCountryThatIsNone) {
    write(test::mmdb_of({{0xC0000200, 24, "de", "Berlin", 1, 1},
                         {0xC6336400, 24, "DEU", std::string(200, 'x'), 1, 1},
                         {0xCB007100, 24, "FR", std::string(200, 'x'), 1, 1}}));
    const auto places = MmdbPlaces::open(path_);
    ASSERT_TRUE(places);
    EXPECT_EQ((*places)->find(test::kInBerlin).city, "");
    EXPECT_EQ((*places)->find(test::kInSydney).country, "");
    EXPECT_EQ((*places)->find(test::kInTown).country, "FR");
    EXPECT_EQ((*places)->find(test::kInTown).city, "") << "longer than any name of a city";
}

TEST_F(MmdbPlacesTest, SayWhyAFileIsNone) {
    EXPECT_FALSE(MmdbPlaces::open(path_ + ".missing"));
    write("no database at all");
    const auto bad = MmdbPlaces::open(path_);
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error(), "");
}

}  // namespace
}  // namespace keyledger::integrations
