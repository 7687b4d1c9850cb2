#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace fracbit {

/// Base of everything this library throws on bad input. what() is one line:
/// "in features.3: [conv2d] expects 64 input channels, got 32 (x [8, 16, 16, 32], ...)".
class Error : public std::exception {
 public:
  explicit Error(std::string message) : message_(std::move(message)), line_(message_) {}

  const char* what() const noexcept override { return line_.c_str(); }

  /// Puts a module name in front of the path the error has collected on its way out: "in
  /// features.3: ...".
  void prepend_path(std::string_view module_name);

 private:
  std::string message_;
  std::string path_;
  std::string line_;
};

/// Tensors or layers whose shapes do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A setting that is unknown, out of range or contradicts another one.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// An input file (data, image, checkpoint, model) that is missing, damaged or of another kind.
/// The message names the file and, where it helps, the offset.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A file that could not be written: full disk, permission, missing folder.
class WriteError : public Error {
 public:
  using Error::Error;
};

/// Training produced NaN or infinity. The message names layer and step.
class DivergedError : public Error {
 public:
  using Error::Error;
};

}  // namespace fracbit
