#include <algorithm>
#include <set>

#include "fracbit/data/data.h"
#include "support.h"

namespace fracbit {

TEST_CASE("catalogue: every data set says what it is") {
  std::set<std::string_view> names;
  for (const data::Entry* entry : data::entries()) {
    INFO(entry->name);
    CHECK(names.insert(entry->name).second);
    CHECK(&data::find(entry->name) == entry);
    CHECK(entry->info.name == entry->name);
    CHECK_FALSE(entry->summary.empty());
    CHECK(entry->source.empty() == entry->files.empty());
    CHECK(entry->paper.empty() == entry->files.empty());
    const auto channels = static_cast<size_t>(entry->info.image_shape[2]);
    CHECK(entry->info.mean.size() == channels);
    CHECK(entry->info.deviation.size() == channels);
    const std::vector<std::string>& classes = entry->info.class_names;
    CHECK(std::set<std::string>(classes.begin(), classes.end()).size() == classes.size());
    CHECK(classes.size() >= 2);
  }
}

TEST_CASE("catalogue: every official file has a checksum, and the first one an address") {
  for (const data::Entry* entry : data::entries()) {
    std::set<std::string_view> names;
    for (const data::OfficialFile& file : entry->files) {
      INFO(file.name);
      CHECK(names.insert(file.name).second);
      CHECK(file.md5.size() == 32);
      CHECK(file.md5.find_first_not_of("0123456789abcdef") == std::string_view::npos);
      if (!file.url.empty()) CHECK(file.url.ends_with(file.name));
    }
    if (!entry->files.empty()) CHECK_FALSE(entry->files[0].url.empty());
  }
}

TEST_CASE("catalogue: every data set opens, or names the files it lacks") {
  const test::TemporaryFolder empty;
  for (const data::Entry* entry : data::entries()) {
    for (const char* split : {"train", "test"}) {
      INFO(entry->name << " " << split);
      const data::OpenOptions options = {.root = empty.path(), .split = split, .limit = 20};
      if (entry->files.empty()) {
        const auto dataset = data::open(entry->name, options);
        CHECK(dataset->size() == 20);
        CHECK(dataset->image_shape() == entry->info.image_shape);
        continue;
      }
      const std::string message = test::message_of([&] { data::open(entry->name, options); });
      CHECK(test::contains(message, empty.path() + ": expects "));
      CHECK(std::any_of(entry->files.begin(), entry->files.end(), [&](const auto& file) {
        return test::contains(message, std::string(file.name));
      }));
    }
  }
}

}  // namespace fracbit
