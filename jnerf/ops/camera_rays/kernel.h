// Rays through pixel centres: p = ((x + 0.5 - cx) / fx, (y + 0.5 - cy) / fy) on the image plane, a direction of the camera
// from it (OpenGL: x right, y up, along -z), turned by the pose and made a unit vector.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct CameraRays {
    const int *cameras, *x, *y;         // [R]
    const float *c2w, *intrinsics;      // [N, 3, 4], [N, 4] = fx, fy, cx, cy
    const float* local;                 // [R, 3] directions of a lens that bends light, or null for a pinhole
    float *rays_o, *rays_d;             // [R, 3]
    // Of one camera's pixels counted row after row, `cameras`, `x` and `y` are null: which camera, from which pixel on, and
    // pixels of a row.
    int camera = 0;
    int64_t first = 0, width = 1;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t which = cameras ? cameras[i] : camera, pixel = first + i;
        const int column = x ? x[i] : (int)(pixel % width), row = y ? y[i] : (int)(pixel / width);
        const float *pose = c2w + 12 * which, *k = intrinsics + 4 * which;
        float d[3];
        if (local) {
            for (int c = 0; c < 3; c++) d[c] = local[3 * i + c];
        } else {
            d[0] = ((float)column + 0.5f - k[2]) / k[0];
            d[1] = -(((float)row + 0.5f - k[3]) / k[1]);
            d[2] = -1.0f;
        }
        float world[3], square = 0.0f;
        for (int r = 0; r < 3; r++) {
            world[r] = pose[4 * r] * d[0] + pose[4 * r + 1] * d[1] + pose[4 * r + 2] * d[2];
            square += world[r] * world[r];
        }
        const float length = sqrtf(square);
        for (int r = 0; r < 3; r++) {
            rays_o[3 * i + r] = pose[4 * r + 3];
            rays_d[3 * i + r] = world[r] / length;
        }
    }
};

// The radius of a pixel's cone at distance 1: that on the camera's axis, less along a slanted ray.
struct PixelRadii {
    const int* cameras;            // [R]
    const float *sides, *forward;  // [N], [N, 3] the axes; null: the same in every direction
    const float* rays_d;           // [R, 3]
    float* out;                    // [R]
    JNERF_FN void operator()(int64_t i) const {
        const int64_t camera = cameras[i];
        float along = forward ? 0.0f : 1.0f;
        for (int k = 0; forward && k < 3; k++) along += rays_d[3 * i + k] * forward[3 * camera + k];
        out[i] = sides[camera] * along;
    }
};

JNERF_ENTRY void pixel_radii(int64_t n, const PixelRadii& kernel) { parallel_for(n, kernel); }

JNERF_ENTRY void camera_rays(int64_t n, const CameraRays& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
