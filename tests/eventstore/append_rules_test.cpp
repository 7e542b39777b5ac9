#include "eventstore/append_rules.hpp"

#include <gtest/gtest.h>

using keyledger::eventstore::is_storable_json_text;

TEST(StorableJsonText, IsWellFormedUtf8) {
    for (const char* good : {"", "{}", "ü", "€", "😀", "\x7F", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(is_storable_json_text(good)) << good;
    for (const char* bad :
         {"\x80", "\xC0\xAF", "\xC1\x81", "\xC3", "\xC3(", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF",
          "\xF0\x80\x80\x80", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "a\xE2\x82"})
        EXPECT_FALSE(is_storable_json_text(bad)) << bad;
    EXPECT_FALSE(is_storable_json_text(std::string_view("a\0b", 3)));
}

TEST(StorableJsonText, HasNoEscapeThatJsonbRefuses) {
    for (const char* bad : {R"("\u0000")", R"("\ud800")", R"("\uDBFF\uDC00")", R"("\uDfff")", R"("\\\u0000")", R"(\)"})
        EXPECT_FALSE(is_storable_json_text(bad)) << bad;
    for (const char* good : {R"("\\u0000")", R"("\\\\u0000")", R"("\u0001")", R"("\ud7ff")", R"("\uE000")", R"("\"")"})
        EXPECT_TRUE(is_storable_json_text(good)) << good;
}
