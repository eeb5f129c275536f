// The nearest point of a triangle mesh and on which side of it a point is, by a walk through the tree of tree.py.
// Side: by the normal of the nearest feature (Baerentzen and Aanaes 2005), or by the generalised winding number (Jacobson
// et al. 2013), far triangles of which are taken together (Barill et al. 2018).
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int MESH_WIDTH = 8;        // children of a node, triangles of a leaf
constexpr int MESH_STACK = 80;       // 7 for each of the levels that int can number, and the root
constexpr float MESH_FLAT = 1e-12f;  // squared: below it a triangle is a line for its size, and has no inside

struct MeshArrays {
    const float *boxes, *areas, *triangles;
    const int* numbers;
    const float* normals;
    int depth;

    // Nodes of the full tree; numbers beyond are leaves.
    JNERF_FN int n_nodes() const {
        int n = 0;
        for (int level = 0; level < depth; level++) n = MESH_WIDTH * n + 1;
        return n;
    }
};

// Unlike fmaxf and fminf these become vector instructions.
JNERF_FN float mesh_max(float a, float b) { return a > b ? a : b; }
JNERF_FN float mesh_min(float a, float b) { return a < b ? a : b; }

JNERF_FN float mesh_dot(const float* a, const float* b) { return fmaf(a[0], b[0], fmaf(a[1], b[1], a[2] * b[2])); }

JNERF_FN void mesh_cross(const float* a, const float* b, float* out) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

// A triangle's nearest point to x: `feature` 0 its inside, 1..3 the edges ab, bc, ca, 4..6 the corners.
struct MeshTouch {
    float squared, point[3];
    int feature;
};

struct MeshVec {
    float x, y, z;
};
JNERF_FN MeshVec operator-(MeshVec a, MeshVec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
JNERF_FN MeshVec operator*(float t, MeshVec a) { return {t * a.x, t * a.y, t * a.z}; }
JNERF_FN float mesh_dot(MeshVec a, MeshVec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
JNERF_FN MeshVec mesh_cross(MeshVec a, MeshVec b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }

// Squared distance from an edge, given the way along it and that from its beginning to x.
JNERF_FN float mesh_edge(MeshVec side, MeshVec off) {
    const float t = mesh_min(mesh_max(mesh_dot(side, off) / mesh_max(mesh_dot(side, side), 1e-30f), 0.f), 1.f);
    const MeshVec d = off - t * side;
    return mesh_dot(d, d);
}

// Squared distance from x of the triangle at place j of a leaf (rows of 8): all cases, and a choice without a branch, so
// that the eight of a leaf are one vector.
JNERF_FN float mesh_squared(const float* leaf, int j, MeshVec x) {
    const float* p = leaf + j;
    constexpr int w = MESH_WIDTH;
    const MeshVec a{p[0], p[w], p[2 * w]}, b{p[3 * w], p[4 * w], p[5 * w]}, c{p[6 * w], p[7 * w], p[8 * w]};
    const MeshVec ab = b - a, bc = c - b, ca = a - c, from_a = x - a, from_b = x - b, from_c = x - c;
    const MeshVec flat = mesh_cross(ab, bc);
    const float edge = mesh_min(mesh_min(mesh_edge(ab, from_a), mesh_edge(bc, from_b)), mesh_edge(ca, from_c));
    const float in_a = mesh_dot(mesh_cross(flat, ab), from_a), in_b = mesh_dot(mesh_cross(flat, bc), from_b);
    const float inner = mesh_min(mesh_min(in_a, in_b), mesh_dot(mesh_cross(flat, ca), from_c));
    const float longest = mesh_max(mesh_max(mesh_dot(ab, ab), mesh_dot(bc, bc)), mesh_dot(ca, ca));
    const float area = mesh_dot(flat, flat), height = mesh_dot(flat, from_a);
    const float plane = height * height / mesh_max(area, 1e-30f);
    const float solid = area > MESH_FLAT * longest * longest ? plane : edge;
    return inner >= 0.f ? solid : edge;
}

// The same with the point and the feature, for the one triangle that was found.
JNERF_FN MeshTouch mesh_touch(const float* leaf, int j, const float* x) {
    float v[3][3], side[3][3], off[3][3], flat[3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) v[i][k] = leaf[(3 * i + k) * MESH_WIDTH + j];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) side[i][k] = v[(i + 1) % 3][k] - v[i][k], off[i][k] = x[k] - v[i][k];
    mesh_cross(side[0], side[1], flat);
    MeshTouch found{INFINITY, {0.f, 0.f, 0.f}, 0};
    bool inner = true;
    float longest = 0.f;
    for (int i = 0; i < 3; i++) {
        float in[3], d[3];
        mesh_cross(flat, side[i], in);
        const float length = mesh_dot(side[i], side[i]);
        const float t = mesh_min(mesh_max(mesh_dot(side[i], off[i]) / mesh_max(length, 1e-30f), 0.f), 1.f);
        for (int k = 0; k < 3; k++) d[k] = off[i][k] - t * side[i][k];
        const float squared = mesh_dot(d, d);
        inner = inner && mesh_dot(in, off[i]) >= 0.f;
        longest = mesh_max(longest, length);
        if (!(squared < found.squared)) continue;
        found.squared = squared;
        found.feature = t <= 0.f ? 4 + i : t >= 1.f ? 4 + (i + 1) % 3 : 1 + i;
        for (int k = 0; k < 3; k++) found.point[k] = fmaf(t, side[i][k], v[i][k]);
    }
    const float area = mesh_dot(flat, flat), height = mesh_dot(flat, off[0]);
    if (!inner || !(area > MESH_FLAT * longest * longest)) return found;
    found.squared = height * height / area;
    found.feature = 0;
    for (int k = 0; k < 3; k++) found.point[k] = x[k] - height / area * flat[k];
    return found;
}

// Part of the full solid angle that a triangle fills as seen from x, positive from behind (van Oosterom and Strackee 1983).
JNERF_FN float mesh_angle(const float* leaf, int j, const float* x) {
    float v[3][3], length[3], across[3];
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) v[i][k] = leaf[(3 * i + k) * MESH_WIDTH + j] - x[k];
        length[i] = sqrtf(mesh_dot(v[i], v[i]));
    }
    mesh_cross(v[1], v[2], across);
    const float volume = mesh_dot(v[0], across);
    const float rest = length[0] * length[1] * length[2] + mesh_dot(v[0], v[1]) * length[2] +
                       mesh_dot(v[1], v[2]) * length[0] + mesh_dot(v[2], v[0]) * length[1];
    return volume == 0.f ? 0.f : atan2f(volume, rest) * 0.15915494f;  // 2 / (4 pi)
}

// How often the mesh winds around x: 1 inside, 0 outside of a closed one, in between where it is open.
JNERF_FN float mesh_winding(const MeshArrays& mesh, const float* x, float reach) {
    int stack[MESH_STACK], n = 1;
    stack[0] = 0;
    const int n_nodes = mesh.n_nodes();
    float sum = 0.f;
    while (n > 0) {
        const int node = stack[--n];
        if (node >= n_nodes) {
            const int64_t leaf = node - n_nodes;
            const float* triangles = mesh.triangles + leaf * 9 * MESH_WIDTH;
            for (int j = 0; j < MESH_WIDTH; j++)
                if (mesh.numbers[leaf * MESH_WIDTH + j] >= 0) sum += mesh_angle(triangles, j, x);
            continue;
        }
        const float* box = mesh.boxes + (int64_t)node * 6 * MESH_WIDTH;
        const float* area = mesh.areas + (int64_t)node * 7 * MESH_WIDTH;
        for (int j = 0; j < MESH_WIDTH; j++) {
            if (!(box[j] <= box[3 * MESH_WIDTH + j])) continue;  // the root has no such child
            float d[3], normal[3];
            for (int k = 0; k < 3; k++) d[k] = area[k * MESH_WIDTH + j] - x[k], normal[k] = area[(3 + k) * MESH_WIDTH + j];
            const float squared = mesh_dot(d, d), radius = reach * area[6 * MESH_WIDTH + j];
            if (squared > radius * radius) sum += mesh_dot(normal, d) / (squared * sqrtf(squared)) * 0.079577472f;
            else stack[n++] = MESH_WIDTH * node + 1 + j;
        }
    }
    return sum;
}

// Finds the place (8 leaf + j) of the nearest triangle that is nearer than the square root of `squared`, else -1.
JNERF_FN int64_t mesh_search(const MeshArrays& mesh, const float* x, float squared) {
    int stack[MESH_STACK], n = 1;
    float away[MESH_STACK];
    stack[0] = 0, away[0] = 0.f;
    const int n_nodes = mesh.n_nodes();
    int64_t place = -1;
    while (n > 0) {
        const int node = stack[--n];
        if (!(away[n] < squared)) continue;
        float d[MESH_WIDTH];
        if (node >= n_nodes) {
            const int64_t leaf = node - n_nodes;
            const float* triangles = mesh.triangles + leaf * 9 * MESH_WIDTH;
            #pragma omp simd
            for (int j = 0; j < MESH_WIDTH; j++) d[j] = mesh_squared(triangles, j, MeshVec{x[0], x[1], x[2]});
            for (int j = 0; j < MESH_WIDTH; j++)
                if (d[j] < squared) squared = d[j], place = leaf * MESH_WIDTH + j;
            continue;
        }
        const float* box = mesh.boxes + (int64_t)node * 6 * MESH_WIDTH;
        #pragma omp simd
        for (int j = 0; j < MESH_WIDTH; j++) {
            float sum = 0.f;
            for (int k = 0; k < 3; k++) {
                const float low = box[k * MESH_WIDTH + j] - x[k], high = x[k] - box[(3 + k) * MESH_WIDTH + j];
                const float off = mesh_max(mesh_max(low, high), 0.f);
                sum += off * off;
            }
            d[j] = sum;
        }
        // Nearer ones come on top of the stack.
        const int base = n;
        for (int j = 0; j < MESH_WIDTH; j++) {
            if (!(d[j] < squared)) continue;
            int i = n++;
            for (; i > base && away[i - 1] < d[j]; i--) away[i] = away[i - 1], stack[i] = stack[i - 1];
            away[i] = d[j], stack[i] = MESH_WIDTH * node + 1 + j;
        }
    }
    return place;
}

struct MeshDistance {
    MeshArrays mesh;
    const float *points, *bounds;
    int n_bounds;  // 0: there are none
    int side;      // 0: distances have no sign; 1: by normals; 2: by the winding number
    float reach;
    float *distances, *nearest;
    int* faces;

    JNERF_FN void operator()(int64_t i) const {
        const float* x = points + 3 * i;
        // A bound is not to lose what lies right on it, and a wrong one costs a second walk.
        const float bound = n_bounds ? bounds[i] * 1.0001f + 1e-12f : INFINITY;
        const bool finite = fabsf(x[0]) < INFINITY && fabsf(x[1]) < INFINITY && fabsf(x[2]) < INFINITY;
        int64_t place = finite ? mesh_search(mesh, x, bound * bound) : -1;
        if (place < 0 && finite) place = mesh_search(mesh, x, INFINITY);
        if (place < 0) {
            distances[i] = NAN, faces[i] = -1;
            for (int k = 0; k < 3; k++) nearest[3 * i + k] = NAN;
            return;
        }
        const MeshTouch found = mesh_touch(mesh.triangles + place / MESH_WIDTH * 9 * MESH_WIDTH, (int)(place % MESH_WIDTH), x);
        const int number = mesh.numbers[place], face = number < 0 ? ~number : number;
        const float* normal = mesh.normals + ((int64_t)face * 7 + found.feature) * 3;
        float off[3], distance = sqrtf(found.squared);
        for (int k = 0; k < 3; k++) off[k] = x[k] - found.point[k], nearest[3 * i + k] = found.point[k];
        if (side == 1 && mesh_dot(off, normal) < 0.f) distance = -distance;
        if (side == 2 && mesh_winding(mesh, x, reach) >= 0.5f) distance = -distance;
        distances[i] = distance, faces[i] = face;
    }
};

struct MeshWinding {
    MeshArrays mesh;
    const float* points;
    float reach;
    float* out;
    JNERF_FN void operator()(int64_t i) const { out[i] = mesh_winding(mesh, points + 3 * i, reach); }
};

}  // namespace jnerf
