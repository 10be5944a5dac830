// A second stream of a device, by libtorch's interface that is the same for all kinds of device: no CUDA header is needed.
#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace {
struct SideStream {
    c10::impl::VirtualGuardImpl guard;
    c10::Stream stream;
    c10::Stream before;
};
}  // namespace

extern "C" {

// Null where the device has no streams, or libtorch refuses.
SideStream *vqz_stream_open(int cuda_index) {
    try {
        c10::Device device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(cuda_index));
        c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
        auto stream = guard.getStreamFromGlobalPool(device, false);
        return new SideStream{guard, stream, guard.getStream(device)};
    } catch (...) {
        return nullptr;
    }
}

void vqz_stream_close(SideStream *side) { delete side; }

// What this thread asks for goes to the side stream from here on.
bool vqz_stream_enter(SideStream *side) {
    try {
        side->before = side->guard.exchangeStream(side->stream);
        return true;
    } catch (...) {
        return false;
    }
}

// Back to the stream that was current before.
bool vqz_stream_leave(SideStream *side) {
    try {
        side->guard.exchangeStream(side->before);
        return true;
    } catch (...) {
        return false;
    }
}

// The current stream waits for all that the side stream was asked for, without the host waiting.
bool vqz_stream_join(SideStream *side) {
    try {
        c10::Event event(c10::DeviceType::CUDA);
        event.record(side->stream);
        event.block(side->guard.getStream(side->stream.device()));
        return true;
    } catch (...) {
        return false;
    }
}

// The memory of a tensor that the side stream made is not used again before the current stream is done with it.
bool vqz_stream_adopt(SideStream *side, at::Tensor *tensor) {
    try {
        side->guard.recordDataPtrOnStream(tensor->storage().data_ptr(), side->guard.getStream(side->stream.device()));
        return true;
    } catch (...) {
        return false;
    }
}
}
