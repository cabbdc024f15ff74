#include "emulator/driver/graph.h"

#include <algorithm>
#include <memory>

#include "emulator/driver/state.h"

namespace simt::driver {
namespace {

struct Graph {
  bool executable, alive;
  std::vector<Operation> operations;
};

std::vector<std::unique_ptr<Graph>>& graphs() {
  static auto* all = new std::vector<std::unique_ptr<Graph>>;
  return *all;
}

void* add(bool executable, std::vector<Operation> operations) {
  graphs().push_back(std::make_unique<Graph>(Graph{executable, true, std::move(operations)}));
  state().counters.graphs++;
  return graphs().back().get();
}

Graph* graph_of(void* handle, bool executable) {
  for (auto& graph : graphs()) {
    if (graph.get() != handle || graph->executable != executable) continue;
    if (graph->alive) return graph.get();
    complain(INVALID_VALUE, "the graph %p has been destroyed", handle);
    return nullptr;
  }
  complain(INVALID_VALUE, "%p is no %s graph", handle, executable ? "executable" : "captured");
  return nullptr;
}

int destroy(void* handle, bool executable) {
  Graph* graph = graph_of(handle, executable);
  if (!graph) return INVALID_VALUE;
  graph->alive = false;
  graph->operations.clear();
  state().counters.graphs--;
  return SUCCESS;
}

}  // namespace

void* make_graph(std::vector<Operation> operations) { return add(false, std::move(operations)); }

void forget_graphs() {
  for (auto& graph : graphs()) {
    if (graph->alive) state().counters.graphs--;
    graph->alive = false;
    graph->operations.clear();
  }
}

// With no room given, the number of nodes; else the nodes, which serve to be counted only.
SIMT_EXPORT int cuGraphGetNodes(void* handle, void** nodes, size_t* count) {
  return call("cuGraphGetNodes", Needs::CONTEXT, [&]() -> int {
    Graph* graph = graph_of(handle, false);
    if (!graph) return INVALID_VALUE;
    if (nodes)
      for (size_t i = 0; i < *count; i++) nodes[i] = i < graph->operations.size() ? &graph->operations[i] : nullptr;
    *count = nodes ? std::min(*count, graph->operations.size()) : graph->operations.size();
    return SUCCESS;
  });
}

SIMT_EXPORT int cuGraphInstantiateWithFlags(void** executable, void* handle, unsigned long long flags) {
  return call("cuGraphInstantiateWithFlags", Needs::CONTEXT, [&]() -> int {
    Graph* graph = graph_of(handle, false);
    if (!graph) return INVALID_VALUE;
    if (flags) return not_modelled("cuGraphInstantiateWithFlags with flags");
    *executable = add(true, graph->operations);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuGraphUpload(void* handle, void* stream) {
  return call("cuGraphUpload", Needs::CONTEXT,
              [&]() -> int { return graph_of(handle, true) && stream_of(stream) ? SUCCESS : INVALID_VALUE; });
}

SIMT_EXPORT int cuGraphLaunch(void* handle, void* stream) {
  return call("cuGraphLaunch", Needs::CONTEXT, [&]() -> int {
    Graph* graph = graph_of(handle, true);
    if (!graph) return INVALID_VALUE;
    for (const Operation& operation : graph->operations)
      if (int result = enqueue(stream, operation)) return result;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuGraphDestroy(void* handle) {
  return call("cuGraphDestroy", Needs::RELEASING, [&] { return destroy(handle, false); });
}

SIMT_EXPORT int cuGraphExecDestroy(void* handle) {
  return call("cuGraphExecDestroy", Needs::RELEASING, [&] { return destroy(handle, true); });
}

}  // namespace simt::driver
