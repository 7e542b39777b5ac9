#pragma once
// Public keys that nobody should take, made for these tests. Ed25519 points are named as what they decode to.
#include <string_view>

namespace keyledger::security::weak {

struct Named {
    std::string_view name;
    std::string_view value;  // base64url
};

inline constexpr Named kEdwardsPoints[] = {
    {"the identity", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"order 8, 1", "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU"},
    {"order 4", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA"},
    {"order 8, 3", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o"},
    {"order 2", "7P_______________________________________38"},
    {"order 8, 5", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"},
    {"order 4, the other", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"order 8, 7", "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"},
    {"the identity with a sign", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA"},
    {"order 2 with a sign", "7P________________________________________8"},
    {"the identity as p + 1, sign 0", "7v_______________________________________38"},
    {"order 4 as p, sign 0", "7f_______________________________________38"},
    {"the identity as p + 1, sign 1", "7v________________________________________8"},
    {"order 4 as p, sign 1", "7f________________________________________8"},
    {"a good key and a point of order 8", "3DUFnnYFJRS7ref7N4Dxo0O23J56GYG-i9PCQwOqwm0"},
    {"a good key and a point of order 4", "XSuItQa88770jeDg1NKXpSD3IEp-OaHDt88UfN8j_68"},
    {"a good key and a point of order 2", "H_fKKhEMosKOa2-711TmEc9IlQMapnfExMq9ZrG9ULo"},
    {"off the curve, 2", "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"3 as p + 3", "8P_______________________________________38"},
    {"4 as p + 4", "8f_______________________________________38"},
    {"5 as p + 5", "8v_______________________________________38"},
    {"6 as p + 6", "8________________________________________38"},
    {"9 as p + 9", "9v_______________________________________38"},
    {"10 as p + 10", "9________________________________________38"},
    {"14 as p + 14", "-________________________________________38"},
    {"15 as p + 15", "_P_______________________________________38"},
    {"16 as p + 16", "_f_______________________________________38"},
    {"18 as p + 18", "_________________________________________38"},
    {"all ones", "__________________________________________8"},
};

inline constexpr Named kModuli[] = {
    {"primes next to each other",
     "q8Bb12FWmk4dnqwAY5IwF6cxU3IBPojlVAfNgq8y0PpnUO2ub0QTBzSv_44Vx9SCr4n3pmlDAfU5xs0DnVDgNSVG"
     "YrO2j2gUmPZR9AM1he0amCgF-fPxmNyv-PHz8VjVqvhhl8oJ9C_bLvy8ED33GU0CoQddqaamgOu80TKJbOcZ2TcD"
     "SMvbeB04-GJkFpyvRdX-JPf6iu9vd-tt9IqoKDkVUVCrtmyN2QScQJaRcuSiIcph9-6JoZVLYNECdzGve40iyWBf"
     "rIft-ZOkCnKtuq5mrfrC7bmwp9HZANcgaH3l5UgSohWX-nL1sT63pSkK8npF_C8oMTicHqEVjX5HQw"},
    {"a square", "rGz6kZWuKWm5Vmi9yx8O70Edh6DUYd-fqhpd6oSBzdQC9zydyie8vHDaReq0opHGrHXq8x9Fy7PSJlwGj0qG_4t3"
                 "SgqeYfS7DyfTORN8c_hVIpMhcrZD7x6FBxaukMxOD6kSHk8kxBvyVzElN_5a0VYZPgJNTwWgClso1I3S31EIsbVM"
                 "M9g317aJMp8du_6VI1_ID12GtYUMF-UhCjTfRKGJeZ46SizlUQCDC1vpyp-RKlcM2RmQQ28IOuqmkrv2MlchweuE"
                 "6HYTSJJThEvmc92Vnh8RKp1zfHx6A50t2kLExi3by5FKRKVjXNtlrR_3N-fOla8xGEc9StMuQsv9AQ"},
    {"primes some steps of Fermat's apart",
     "nC26CpY7Ct0s7vEx_7qCdlmiGlcG1XLICo3WSpKZpDKk_dnHV9Cx9eD8eozpCa2S_RSkVa68YheIqgSi93-21TCc"
     "n6SXrvFHQXkY4fth-j0jK8NnRQ8u0nQ1K8MWUoAyTr_jtm_SxFKG9ZfirgY2lG2nmR7WkILrQ_JfBDr_sMLXNigF"
     "btASO0wrkKxUQ63ddeZRqacEpAF-8ksMhQPUnlKAjuPfQPT6RKuhKt1uaQsOh1ibTfZyVgqnic-7gPBoGejuf45P"
     "U4mpTBXSMenJ8WLBiqW4u2oF74-EmKIGfp2yZuLEIDqnguz3MlFNHgXAJri606lDc_ZApY5L4jh3-w"},
    {"a prime", "xO9YYmPETApUuHMIjkzZY_cT_LqmhypSPHJHEgHC-B2kbu1pSlwLLTw5VE6Sa1xAdCpwz0MXhYP95UXpX6kO4TYb"
                "cBqpKuechIxf1pKKqtl39Pkt6pu_BDTxGBwK1fl8J5aC4iojP3IXVzn0m4coexT5Xbo93YVUQNVatLLIL2YxP1ux"
                "FAWXsPWju59hHEVTtBz4-Ef7NQ0SJW9I9859bpeJyvZz51Z-pxDCLuNYPgxW2YMLEmVpqIIZg7ST7fpqeyxvcVyg"
                "ZLWZTN_FBtu4Wp2OfkCwfYVi9X8FdM07kCv_vrM7bxPwl3qcP8Y6JxFhAbdimPvo2hecj57ltQEPQw"},
    {"3 and a prime", "AXvTCIUAt709OeeqeicahNhdteEYANL7H4qWwolyVc3QNrLTSYD-3Pl2tAhOxl1Ck6CR_har507P9tM1GUH2-KUf"
                      "aGApWUTNnaDjVl1S5yv0zMN-3TvCkQqgqVzi42vUZMM93gg4EZBhCwemJ-lA0RWwhuW8R_Fe9_V2F9jqIOfHZbns"
                      "zWG0kOhj82xgOGsPaOQ4bNKvi8UEf3Bbw-817VMkbrP3KsrZQtluEB2MzqMOGeNgI8MjAIXtrF38nClltvGciX35"
                      "HebqBZciXh_F5vnQ_W1hPPbUfP7UbWmAdTPeZw-9x-YvOGEZuYDhtnWMCJOBDJzxhIvu0RdPykYjlyE"},
    {"65521 and a prime", "xmV-zfdcm2iDJdu4K3xzEHAWvJoc5_w4GTojiDsE4tTmc9WWKYtPO6OImPVakr5A4cnwBvLzmKtd17E9uPdmjrrG"
                          "fFYmAo0hoUZ6fJIT5B_e66bqCPa1CFLRt9pdwNA6nuMr7FHs8GdH9I5r8Fx66b0MbIp8Avvq8DUCTq8aa-5tfZs6"
                          "mNlmhhHx_EhI6fWLwn1xv37lhnDW399Kx_6LWoVzD78w_yPlC9RG9fK_Q2hby5IYpbfPkvjrIzVjrkekoqBJziBv"
                          "b-XoDwXyg9TIanSVVBw4L29piHWfcPZdWP9Ispx_SamT4ro30XHPsnM62kVj6vWY8FKnUc0BmhFb3u8"},
    {"a cube", "_ZqCqFO-XwDd-eZhGmXGn5xnNuvmj3yhgbcOtgvDL7R1wUyl3n5fxgAzfzD4RpaU6MXfgfXGrjbKGi7AI9Uxu8PT"
               "Wj_UmPiyxra0Ygd0Cqi4QbLY-JBe3E-op_dmJi0oU0pdIMSG5x2Vc3RqCV3MnqgTPtcksDft7EfjGQNt1y1fmdMf"
               "8sRzuLsTybezDc-HzYPEVJq1hzsIS1rIJ3ptRd0ziS3SAcuSdYgzki0IZ2GCUlbPR_ytKvVGhN_yuSi84E71LMV6"
               "rr3fZBaR_siiLaspD9AFF0XdlEOO1HfbQjPcBpjozC-rA7aQiX-B8mHqPBeQqFkTR378kp6_4z8IOQ"},
    {"even", "7VMnqWqG0Eetz4HnbIA5ZcWwbc2TmF5097KEc5g3XZi9C3o1mX8Mi5U0EvCGlHlkCb6LMSFn77S__BRIbBROBVmu"
             "Ie_49Ft2Arf-nxa_X29h6t3esjLGaMsnAtwPmP1l-u9U351yHDqdVvAOjigOnNxb87gE09UexYUWrT2Y8k9dJLlp"
             "xegCs9V53iCE0vq9NSQ2_i7a91Yb8GXWNr_VUr76Ya3_HrYDSRx6ymTEfp_wJVB60XyiEFrCBqccTsxWfTLu3ehY"
             "mJhi6SF0J8WgtdUXjq5vr4p0KmJihWRAcWvnu2u6tr_Q4DeCaodx6m4cEHzYOgEkm3bfQ9o2-LIHjg"},
    {"ROCA", "t71ysOe1qvzdXBAn8WzxrcJr0TKgLiddHzItc662JcqRmkuV-F69B1ax_pyas6qH0gzU-YW6aKrfZGEbt3naATwm"
             "rxL4QXKKawSxWHI5gHSPsahh4JBFv7dDUzKEmKKk2R3KQSd9e_arHaJ9rm8GrIzhtnsg94LISUvLJHx0J3Hq_UOJ"
             "6VTV4ueyyaoqwq-DT3dqaUoHA31vLSjCtFt3ZMRQbJuFmO2bJ1guwx12Ccm1gr2BAHFlq10xRvBpiofPvggXRU7i"
             "bmlcmTrjw1NQ__jkIg5C3YeUy7HQ_dReqE3Hnx4ldPvtwTD8mbuYkW4vqUfA69EA5j5Hn5al8Ehojw"},
    {"ROCA", "22KDuMr8t5zQwgK7JH6FpqfO4QgMDThkFH_D-A7LlSNVb5Ew_hygqPWJQIuE0jNs6hhQXZzNx2jtfaBlvaJaGkjI"
             "GkyYyxScmoITFMqwgb8hxNgLW5Pk7LzSdAhljGTske4I0B_lltny7UF1QbjGo3Y5ZQEtiMAQNOUztBEl0wfaI_Tl"
             "J6pGijZwqgsr0YuKvbJLSNS5HJUCvnM3JyEptEFNj6EdR2TjCc7k-rTRcQCuPigbXtqlj-KulCGwzOsqPHU8PL06"
             "QJeK3pNMxMjA4UVhfbxdK7KnhYbZPuXMA5c7sBS4cTfqFkRjInq4pY102lg7CnBhcwMXTFcD4v730Q"},
};

inline constexpr std::string_view kGoodModulus =
    "srSXvx8Y7xTLjC5GUOez6nr3YQ4o1AMnH1-oh3rG0cR4GoVmScVEkRoCqExZ2S05WfjZMDk_KN4SQQSKb41SyZ6L"
    "MgcJGhDwFGXnc3o7_rhUl8H76sEQ2jdGLItOK1VjLjke8NXEN0xQ7gJS5FB_ygQkfXxltjrdRqPhk_b01SCgPwDu"
    "V38hoTgxgpe_wB1YOp3UmWUXzXzGVdUpD-xnyvti6s7WDalDp7d7dbOZseBVuk_xVeExY01CpxvcopV_c3XSG4nO"
    "GG3Jk5_0-k3IIgXAJfy2Tc9Iky9oNdZOza_s3ZiK7oqmxjmy3AQA9TMfuJh6DQNe4s0dKuAAjP3wqQ";

inline constexpr std::string_view kGoodPoint = "zgg11e7zXT1xlJBEKKsZ7jC3avzlWYg7OzVCmU5Cr0U";

struct NamedPair {
    std::string_view name;
    std::string_view x;
    std::string_view y;
};

// Of P-256.
inline constexpr NamedPair kCurvePoints[] = {
    {"an x of the prime and more", "_____wAAAAEAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAQ",
     "RZJDuapYGAb-kTvOmYF63hHKUDxk2aPFM0FcCDJI-8w"},
    {"an x of the next one", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAY",
     "RZJDuapYGAb-kTvOmYF63hHKUDxk2aPFM0FcCDJI-8w"},
    {"the other y but one", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAU",
     "um28RVWn5_oBbsQxZn6FIe41r8SbJlw6zL6j9823BDQ"},
    {"zero", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"an x of ones", "__________________________________________8", "RZJDuapYGAb-kTvOmYF63hHKUDxk2aPFM0FcCDJI-8w"},
    {"a y of the prime", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAU", "_____wAAAAEAAAAAAAAAAAAAAAD_______________8"},
    {"the prime as x, where zero is a point", "_____wAAAAEAAAAAAAAAAAAAAAD_______________8",
     "ZkhceA4vg9ckM71dhKBrtlQcKvMdrocXKL-FahdPk_Q"},
};
inline constexpr NamedPair kGoodCurvePoint = {"good", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAU",
                                              "RZJDuapYGAb-kTvOmYF63hHKUDxk2aPFM0FcCDJI-8w"};
}  // namespace keyledger::security::weak
