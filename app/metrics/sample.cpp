#include "app/metrics/sample.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>

namespace keyledger::app {
namespace {

prometheus::MetricType type_of(const Sample& sample) {
    if (sample.histogram) return prometheus::MetricType::Histogram;
    return sample.name.ends_with("_total") ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
}

prometheus::ClientMetric::Histogram cumulative(const HistogramReading& reading, double unit) {
    prometheus::ClientMetric::Histogram histogram;
    for (std::size_t at = 0; at < reading.counts.size(); ++at) {
        histogram.sample_count += reading.counts[at];
        const bool is_last = at == reading.bounds.size();
        const double bound =
            is_last ? std::numeric_limits<double>::infinity() : static_cast<double>(reading.bounds[at]) * unit;
        histogram.bucket.push_back({histogram.sample_count, bound});
    }
    histogram.sample_sum = static_cast<double>(reading.sum) * unit;
    return histogram;
}

prometheus::ClientMetric metric_of(const Sample& sample) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
    if (sample.histogram) metric.histogram = cumulative(*sample.histogram, sample.unit);
    else if (sample.name.ends_with("_total")) metric.counter.value = sample.value;
    else metric.gauge.value = sample.value;
    return metric;
}

}  // namespace

std::string exposition(const Samples& samples) {
    std::vector<prometheus::MetricFamily> families;
    std::map<std::string_view, std::size_t> places;
    for (const Sample& sample : samples) {
        const auto [place, is_new] = places.emplace(sample.name, families.size());
        if (is_new) families.push_back({sample.name, sample.help, type_of(sample), {}});
        families[place->second].metric.push_back(metric_of(sample));
    }
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace keyledger::app
