// Spans as OTLP's JSON has them, byte for byte where it says so, and what operators write for the collector.
#include "integrations/traces/otlp.hpp"

#include <gtest/gtest.h>

using namespace keyledger;
using namespace keyledger::integrations;

namespace {

Span span() {
    Span one;
    one.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    one.span_id = "00f067aa0ba902b7";
    one.name = "GET /\"a\"";
    one.kind = SpanKind::kServer;
    one.begun_ns = 1'796'032'800'123'456'789;
    one.ended_ns = 1'796'032'800'223'456'789;
    return one;
}

std::string spans_of(const Span& one) {
    const std::string request = otlp_request(std::span(&one, 1), {});
    const std::size_t at = request.find("\"spans\":[") + 9;
    return request.substr(at, request.rfind("]}]}]}") - at);
}

}  // namespace

TEST(Otlp, WritesIdsInHexAndNumbersOf64BitsAsTexts) {
    Span one = span();
    one.parent_id = "53995c3f42cd8ad8";
    one.is_parent_remote = true;
    one.has_failed = true;
    one.attributes = {{"http.response.status_code", std::int64_t{503}}, {"http.route", "/a"}};
    EXPECT_EQ(spans_of(one), R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",)"
                             R"("parentSpanId":"53995c3f42cd8ad8","flags":769,"name":"GET /\"a\"","kind":2,)"
                             R"("startTimeUnixNano":"1796032800123456789","endTimeUnixNano":"1796032800223456789",)"
                             R"("attributes":[{"key":"http.response.status_code","value":{"intValue":"503"}},)"
                             R"({"key":"http.route","value":{"stringValue":"/a"}}],"status":{"code":2}})");
}

TEST(Otlp, LeavesOutTheParentOfARootAndTheStatusOfWhatWentWell) {
    EXPECT_EQ(spans_of(span()),
              R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","flags":257,)"
              R"("name":"GET /\"a\"","kind":2,"startTimeUnixNano":"1796032800123456789",)"
              R"("endTimeUnixNano":"1796032800223456789","attributes":[]})");
}

TEST(Otlp, EndsNoSpanBeforeItBegan) {
    Span one = span();
    one.ended_ns = one.begun_ns - 5;
    EXPECT_NE(spans_of(one).find("\"endTimeUnixNano\":\"1796032800123456789\""), std::string::npos);
}

TEST(Otlp, SaysWhoseSpansTheyAre) {
    const std::string request = otlp_request({}, {"door", "1.2", "host:8080"});
    EXPECT_TRUE(request.starts_with(
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"door"}},)"
        R"({"key":"service.version","value":{"stringValue":"1.2"}},)"
        R"({"key":"service.instance.id","value":{"stringValue":"host:8080"}}]},"scopeSpans":[{"scope":)"))
        << request;
}

TEST(Otlp, BelievesACollectorsCountWithinReason) {
    EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"x"}})", 10), 3);
    EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":3}})", 10), 3);
    EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":"99"}})", 10), 10);
    EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":-4}})", 10), 0);
    for (const char* nothing :
         {"", "{}", "[]", "{\"partialSuccess\":[]}", "{\"partialSuccess\":{\"rejectedSpans\":{}}}", "\xff\xfe",
          "{\"partialSuccess\":{\"rejectedSpans\":\"many\"}}"})
        EXPECT_EQ(rejected_spans(nothing, 10), 0) << nothing;
    EXPECT_EQ(rejected_spans(std::string(60'000, '['), 10), 0) << "however deep it goes";
}

TEST(TraceHeaders, AreReadAsOpenTelemetryWritesThem) {
    const auto fields = parse_trace_headers(" x-api-key = a%20b%2Cc%3D , authorization=Bearer%20t,");
    ASSERT_TRUE(fields);
    ASSERT_EQ(fields->size(), 2u);
    EXPECT_EQ(fields->at(0).first, "x-api-key");
    EXPECT_EQ(fields->at(0).second.reveal(), "a b,c=");
    EXPECT_EQ(fields->at(1).second.reveal(), "Bearer t");
    EXPECT_TRUE(parse_trace_headers("")->empty());
}

TEST(TraceHeaders, CanNotBreakTheRequest) {
    for (const char* bad : {"x", "=v", "x=", "x y=v", "x=a%0d%0aHost:b", "x=%", "x=%g0", "x=%1", "Host=a",
                            "content-length=0", "Transfer-Encoding=chunked", "x=a\nb"})
        EXPECT_FALSE(parse_trace_headers(bad)) << bad;
}
