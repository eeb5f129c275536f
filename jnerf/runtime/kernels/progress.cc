// Shows Jittor's progress of compiling kernels as one line.
//
// Jittor writes "\n", then "Compiling Operators(3/12) used: 4.1s eta: 12s \r" again and again, then "\n" to std::cerr,
// and has no switch for it. All libraries of a process share std::cerr, so its buffer can be replaced from here. It has
// to be C++: Jittor compiles with Python's lock held, so that no Python thread could rewrite the line meanwhile.
#include <cstdio>
#include <iostream>
#include <mutex>
#include <streambuf>
#include <string>

namespace {

const std::string kMark = "Compiling Operators(";

class OneLine : public std::streambuf {
 public:
  OneLine(std::streambuf* inner, bool terminal) : inner_(inner), terminal_(terminal) {}

 protected:
  int_type overflow(int_type c) override {
    if (!traits_type::eq_int_type(c, traits_type::eof())) {
      const char one = traits_type::to_char_type(c);
      xsputn(&one, 1);
    }
    return traits_type::not_eof(c);
  }

  std::streamsize xsputn(const char* text, std::streamsize n) override {
    std::lock_guard<std::mutex> guard(mutex_);
    for (std::streamsize i = 0; i < n; ++i) take(text[i]);
    return n;
  }

  int sync() override {
    std::lock_guard<std::mutex> guard(mutex_);
    return inner_->pubsync();
  }

 private:
  void take(char c) {
    if (in_progress_) {
      if (c == '\r') {
        show();
        in_progress_ = false, shown_ = true, line_start_ = true;
      } else {
        held_ += c;
      }
      return;
    }
    if (shown_ && c == '\n' && held_.empty()) {  // ends the progress of one batch of kernels
      if (terminal_) write("\r\x1b[K");
      shown_ = false;
      return;
    }
    if (line_start_ && could_begin(held_ + c)) {
      held_ += c;
      if (held_.size() >= kMark.size() && held_.back() == '(') {
        held_.clear();
        in_progress_ = true;
      }
      return;
    }
    write(held_ + c);
    held_.clear();
    shown_ = false;
    line_start_ = c == '\n' || c == '\r';
  }

  // Whether text at the beginning of a line may be that of Jittor, an empty line before it included.
  static bool could_begin(const std::string& text) {
    const std::string pattern = text[0] == '\n' ? "\n" + kMark : kMark;
    return pattern.compare(0, text.size(), text) == 0;
  }

  void show() {
    int done = 0, total = 0;
    double seconds = 0;
    const int found = std::sscanf(held_.c_str(), "%d/%d) used: %lfs", &done, &total, &seconds);
    held_.clear();
    if (found != 3) return;
    char line[160];
    if (terminal_) {
      std::snprintf(line, sizeof line, "\rjnerf: compiling kernels, once: %d of %d, %.0f s\x1b[K",
                    done, total, seconds);
      write(line);
    } else if (!announced_) {
      std::snprintf(line, sizeof line, "\njnerf: compiling %d kernels for this machine, once\n", total);
      write(line);
    }
    announced_ = true;
    inner_->pubsync();
  }

  void write(const std::string& text) {
    inner_->sputn(text.data(), static_cast<std::streamsize>(text.size()));
  }

  std::streambuf* inner_;
  const bool terminal_;
  std::mutex mutex_;
  std::string held_;  // what may yet turn out to be progress, or the progress read so far
  bool line_start_ = true, in_progress_ = false, shown_ = false, announced_ = false;
};

}  // namespace

// Replaces the buffer of std::cerr for the rest of the process; terminal: the line may be rewritten in place.
extern "C" void jnerf_show_kernel_progress(int terminal) {
  // Never freed: std::cerr writes until the very end of the process.
  static OneLine* const buffer = new OneLine(std::cerr.rdbuf(), terminal != 0);
  std::cerr.rdbuf(buffer);
}
