#pragma once
// A value that is read when somebody scrapes.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/base/histogram.hpp"

namespace keyledger::app {

// By Prometheus' naming rules: base units, and what only grows ends in _total. From this follows what it is: a counter
// that ends so, a histogram that has one, else a gauge. All of one name have the same help, and the same labels' names.
struct Sample {
    using Labels = std::vector<std::pair<std::string, std::string>>;

    std::string name;
    std::string help;
    Labels labels;
    double value = 0;
    std::optional<HistogramReading> histogram{};
    double unit = 1;  // of the histogram's values, in the one that the name says
};
using Samples = std::vector<Sample>;

inline constexpr double kNanoseconds = 1e-9;

// The text format's families, in the order in which their names come first.
std::string exposition(const Samples& samples);

}  // namespace keyledger::app
