// Runs field_mlp in bf16 once with AMX's tiles, emulated, and once without; prints the largest difference of
// each result, relative to its largest value, and the number of products of tiles with and without. Fails where what the
// forward pass keeps for the backward pass changes a bit.
#include "field_mlp/cpu.h"
#include <cstdio>
#include <cstdlib>
#include <random>
using namespace jnerf;

struct Results { std::vector<float> all[5]; };

int main(int, char** argv) {
    const int64_t n = atoi(argv[1]);
    const bool wide = atoi(argv[2]) == 1;  // with biases, a skip and a wide layer
    const bool alike = atoi(argv[2]) == 2;  // hidden layers as wide as what the head's last is padded to
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const auto values = [&](size_t count, float scale) {
        std::vector<float> v(count);
        for (float& x : v) x = scale * normal(random);
        return v;
    };
    const int narrow_widths[] = {32, 64, 16}, wide_widths[] = {32, 530, 16}, head_widths[] = {32, 64, 64, 16}, alike_widths[] = {32, 16, 16, 16};
    const FieldMlpShape shape{MlpShape(wide ? wide_widths : narrow_widths, 3, 16, wide, MlpPrecision::bf16, wide ? 1 : -1),
                              MlpShape(alike ? alike_widths : head_widths, 4, 3, wide, MlpPrecision::bf16)};
    const std::vector<float> x = values(32 * n, 1), extra = values(16 * n, 1), grad_sigmas = values(n, 1), grad_rgbs = values(3 * n, 1);
    const std::vector<float> trunk = values(shape.trunk.n_params, 0.2f), head = values(shape.head.n_params, 0.2f);
    std::vector<int> rays(n);
    for (int64_t i = 0; i < n; i++) rays[i] = (int)(i / 3);
    const FieldMlpInput input{x.data(), extra.data(), rays.data(), n, 16, 2, 16};
    const auto run = [&](bool tiles, bool kept) {
        std::vector<float> room(kept ? (n / MLP_TILE + 1) * MLP_TILE * 1024 : 1);
        amx_emulation_on() = tiles;
        Results r{{std::vector<float>(n), std::vector<float>(3 * n), std::vector<float>(32 * n), std::vector<float>(trunk.size()), std::vector<float>(head.size())}};
        field_mlp_forward(shape, input, trunk.data(), head.data(), r.all[0].data(), r.all[1].data(), room.data(), room.size());
        if ((*(const uint32_t*)room.data() != 0) != kept) exit(2);
        field_mlp_backward(shape, input, trunk.data(), head.data(), grad_sigmas.data(), grad_rgbs.data(), r.all[2].data(), r.all[3].data(), r.all[4].data(), room.data());
        return r;
    };
    const Results with = run(true, false);
    const int64_t products = amx_products();
    const Results without = run(false, false);
    const int64_t more = amx_products() - products;
    for (bool tiles : {true, false}) {
        const Results kept = run(tiles, true);
        for (int k = 0; k < 5; k++)
            if (kept.all[k] != (tiles ? with : without).all[k]) return 1;
    }
    for (int k = 0; k < 5; k++) {
        float most = 0, difference = 0;
        for (size_t i = 0; i < with.all[k].size(); i++) {
            most = std::max(most, std::abs(without.all[k][i]));
            difference = std::max(difference, std::abs(with.all[k][i] - without.all[k][i]));
        }
        printf("%g ", difference / most);
    }
    printf("%ld %ld\n", (long)products, (long)more);
}
