#pragma once
// Where a chain is stored: its lines in pieces, each in one ConfigMap, far below the 1 MiB that a
// ConfigMap and the 1.5 MiB that a request of etcd may have.

#include <string>
#include <string_view>

namespace bailiwick::evidence {

inline constexpr std::size_t maxChunk = 192 * 1024;
inline constexpr char chunkKey[] = "records.jsonl";
// On every chunk. Of orders that used one name one after the other each has a chain.
inline constexpr char chunkLabel[] = "bailiwick.dev/evidence";
inline constexpr char orderAnnotation[] = "bailiwick.dev/exit-order";
inline constexpr char orderUidAnnotation[] = "bailiwick.dev/exit-order-uid";

// "exit-nvidia-evidence", then "exit-nvidia-evidence-2" … `order` up to 200 characters.
std::string chunkName(std::string_view base, int number);

// Whether these lines still go into a chunk that has so many bytes. An empty chunk takes anything.
bool fits(std::size_t chunk, std::string_view lines);

}  // namespace bailiwick::evidence
