#!/bin/sh
# Who may include whom. Prints each line that is against the drawing of docs/architecture.md; exit code 1 if there is one.
# usage: includes.sh SOURCE_ROOT
set -eu
cd "$1"

find framework quantize layers data models apps tests -name '*.h' -o -name '*.cc' | sort |
xargs awk '
BEGIN {
  may["kernels"] = " kernels "
  may["framework"] = " framework kernels "
  may["quantize"] = " framework quantize runtime "
  may["runtime"] = " framework quantize runtime kernels "  # of deployed networks
  may["layers"] = " framework quantize layers "
  may["data"] = " framework data "
  may["models"] = " framework quantize layers models "
  # External headers, and the paths that may name them.
  only["omp.h"] = "^framework/parallel\\.cc$"
  only["stb_image.h"] = "^data/image"
  only["cxxopts.hpp"] = "^apps/"
  only["toml"] = "^(apps|tests)/"
  only["catch2"] = "^tests/"
  only["Eigen"] = "^framework/kernels/"
  only["nlohmann"] = "(^(apps|tests)/.*|\\.cc)$"
  only["zlib.h"] = "\\.cc$"
  only["iostream"] = "^(apps|tests)/"
}
function area(path, part) {
  if (path ~ /^framework\/kernels\//) return "kernels"
  if (path ~ /^quantize\/deploy\/runtime\//) return "runtime"
  split(path, part, "/")
  return part[1]
}
function report(why) { printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0; bad = 1 }
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
  from = area(FILENAME)
  name = $0
  sub(/^[^<"]*[<"]/, "", name)
  sub(/[>"].*/, "", name)
  if ($0 ~ /</) {
    split(name, part, "/")
    if (part[1] == "fracbit") {
      if (FILENAME !~ /^tests\/install\//) report("own headers are included with quotes")
      next
    }
    key = part[1] == "stb" ? part[2] : part[1]
    sub(/^toml.*/, "toml", key)
    if (key in only && FILENAME !~ only[key]) report("this file may not include " key)
    next
  }
  if (name !~ /^fracbit\//) {
    if (from == "tests" && name !~ /\.\./) next
    if (name ~ /\.inc$/ && area(name) == from) next
    report("write \"fracbit/<folder>/<file>.h\"")
    next
  }
  if (name == "fracbit/framework/real.h") next  # the number type, for kernels too
  to = area(substr(name, 9))
  if (from in may && index(may[from], " " to " ") == 0) report(from " may not include " to)
  if (to == "kernels" && from ~ /^(framework|runtime)$/ && FILENAME ~ /\.h$/) report("kernels are included in .cc only")
}
END { exit bad }
'
