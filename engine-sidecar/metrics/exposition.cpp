#include "metrics/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>
#include <utility>

namespace bailiwick::sidecar {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Series of one name. Threads' numbers under equal labels are added up.
class Family {
 public:
  Family(const char* name, const char* help, MetricType type) {
    family_.name = std::string("bailiwick_sidecar_") + name;
    family_.help = help;
    family_.type = type;
  }

  void add(const Labels& labels, double value) {
    ClientMetric& metric = at(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) += value;
  }

  void add(const Labels& labels, const Spread& spread) {
    ClientMetric::Histogram& histogram = at(labels).histogram;
    histogram.bucket.resize(Spread::bounds.size() + 1);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= Spread::bounds.size(); ++i) {
      below += spread.count(i);
      histogram.bucket[i].cumulative_count += below;
      histogram.bucket[i].upper_bound =
          i < Spread::bounds.size() ? Spread::bounds[i] : std::numeric_limits<double>::infinity();
    }
    histogram.sample_count += below;
    histogram.sample_sum += spread.seconds();
  }

  MetricFamily take() { return std::move(family_); }

 private:
  ClientMetric& at(const Labels& labels) {
    const auto [it, fresh] = index_.try_emplace(labels, family_.metric.size());
    if (fresh) family_.metric.emplace_back().label = labels;
    return family_.metric[it->second];
  }

  MetricFamily family_;
  std::map<Labels, std::size_t> index_;
};

class Exposition {
 public:
  void add(const Tally& tally) {
    tally.read([this](const auto& backends, const auto& requests, const auto& refusals,
                      const auto& differences) {
      for (const auto& [name, backend] : backends) add(name, backend);
      for (const auto& [key, count] : requests)
        requests_.add({{"route", key.backend},
                       {"operation", nameOf(key.operation)},
                       {"code", std::to_string(key.status)},
                       {"reason", nameOf(key.end)}},
                      number(count));
      for (const auto& [code, count] : refusals) refusals_.add({{"reason", code}}, number(count));
      differences_.add({{"kind", "status"}}, number(differences.status));
      differences_.add({{"kind", "latency"}}, number(differences.latency));
      differences_.add({{"kind", "length"}}, number(differences.length));
    });
    queueTime_.add({}, tally.queued);
    shadows_.add({{"result", "sent"}}, number(tally.shadowRequests));
    shadows_.add({{"result", "dropped"}}, number(tally.shadowDropped));
  }

  void add(const Snapshot& now) {
    info_.add({{"version", now.version}}, 1);
    inFlight_.add({}, now.inFlight);
    queued_.add({}, now.queued);
    draining_.add({}, now.drain == DrainState::Serving ? 0 : 1);
    drained_.add({{"result", "in_flight"}}, static_cast<double>(now.report.inFlightAtDrain));
    drained_.add({{"result", "completed"}}, static_cast<double>(now.report.completed));
    drained_.add({{"result", "cut"}}, static_cast<double>(now.report.cut));
    copies_.add({}, static_cast<double>(now.copyBytes));
    for (const Snapshot::Table& table : now.tables) {
      const Labels labels{{"deployment", table.deployment}};
      generation_.add(labels, static_cast<double>(table.generation));
      age_.add(labels, table.ageSeconds);
      refusedTables_.add(labels, static_cast<double>(table.refused));
    }
    for (const Snapshot::BackendState& backend : now.backends)
      up_.add({{"deployment", backend.deployment}, {"route", backend.backend}},
              backend.usable ? 1 : 0);
  }

  std::string text() {
    std::vector<MetricFamily> families;
    for (Family* family :
         {&info_, &requests_, &inFlight_, &queued_, &queueTime_, &duration_, &firstToken_,
          &betweenEvents_, &failovers_, &refusals_, &up_, &generation_, &age_, &refusedTables_,
          &shadows_, &differences_, &copies_, &draining_, &drained_}) {
      MetricFamily taken = family->take();
      if (!taken.metric.empty()) families.push_back(std::move(taken));
    }
    return prometheus::TextSerializer().Serialize(families);
  }

 private:
  static double number(const Count& count) { return static_cast<double>(count.value()); }

  void add(const std::string& name, const BackendTally& backend) {
    const Labels labels{{"route", name}};
    duration_.add(labels, backend.duration);
    firstToken_.add(labels, backend.firstToken);
    betweenEvents_.add(labels, backend.betweenEvents);
    failovers_.add(labels, number(backend.failovers));
  }

  Family info_{"build_info", "Version of the sidecar.", MetricType::Gauge};
  Family requests_{
      "requests_total",
      "Requests by the backend that answered, what was asked, status and how it ended.",
      MetricType::Counter};
  Family inFlight_{"requests_in_flight", "Requests that are being served.", MetricType::Gauge};
  Family queued_{"requests_queued", "Requests that wait for a place.", MetricType::Gauge};
  Family queueTime_{"queue_seconds", "How long requests waited for a place.",
                    MetricType::Histogram};
  Family duration_{"request_seconds", "How long requests took.", MetricType::Histogram};
  Family firstToken_{"time_to_first_token_seconds",
                     "From a request's arrival to the first byte of its answer.",
                     MetricType::Histogram};
  Family betweenEvents_{"time_between_events_seconds", "Between two events of a stream.",
                        MetricType::Histogram};
  Family failovers_{"failovers_total", "Requests that went elsewhere after this backend failed.",
                    MetricType::Counter};
  Family refusals_{"refusals_total", "Requests that the sidecar answered itself, by its code.",
                   MetricType::Counter};
  Family up_{"backend_up", "Whether the backend would be chosen now.", MetricType::Gauge};
  Family generation_{"route_table_generation", "Generation of the route table in force.",
                     MetricType::Gauge};
  Family age_{"route_table_age_seconds", "Since the table was last confirmed.", MetricType::Gauge};
  Family refusedTables_{"route_tables_refused_total", "New route tables that were not taken.",
                        MetricType::Counter};
  Family shadows_{"shadow_requests_total", "Copies for the baseline.", MetricType::Counter};
  Family differences_{"shadow_differences_total", "Copies whose answer differed, by kind.",
                      MetricType::Counter};
  Family copies_{"copy_memory_bytes", "Memory held by copies of requests.", MetricType::Gauge};
  Family draining_{"draining", "1 once a drain has begun.", MetricType::Gauge};
  Family drained_{"drain_requests", "What was in flight at the drain and how it ended.",
                  MetricType::Gauge};
};

}  // namespace

std::string exposition(const std::vector<const Tally*>& tallies, const Snapshot& now) {
  Exposition result;
  result.add(now);
  for (const Tally* tally : tallies) result.add(*tally);
  return result.text();
}

}  // namespace bailiwick::sidecar
