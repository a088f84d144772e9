"""What other libraries call the components and keys of a spec. Suggestions use these names; a spec takes none of them.

Each entry has our name first, then what users of Keras, PyTorch, scikit-learn, Lightning, Hydra and JAX write for it.
Case, hyphens and underscores do not matter: `BatchNorm2d` and `batch_norm_2d` are one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from nnexp.wording import suggest_nearest

COMPONENT_ALIASES: Mapping[str, Mapping[str, str]] = {
    "activation": {
        "identity": "linear none",
        "leaky_relu": "lrelu",
        "relu": "rectifier rectified_linear",
        "sigmoid": "logistic expit",
        "silu": "swish swish1",
    },
    "architecture": {
        "autoencoder": "ae",
        "lenet5": "lenet",
        "linear_regression": "linear ols",
        "mlp": "dnn ann ffn feedforward MLPClassifier MLPRegressor fully_connected",
        "softmax_classifier": "LogisticRegression logistic softmax_regression",
        "vgg: {depth: 11}": "vgg11",
        "vgg: {depth: 13}": "vgg13",
        "vgg: {depth: 16}": "vgg16",
        "vgg: {depth: 19}": "vgg19",
    },
    "augmentation": {
        "cutout": "random_cutout",
        "horizontal_flip": "RandomHorizontalFlip RandomFlip hflip flip",
        "noise": "GaussianNoise gauss_noise",
        "random_crop": "RandomTranslation RandomShift crop",
    },
    "baseline": {
        "gaussian_classifier": "QuadraticDiscriminantAnalysis qda",
        "gaussian_classifier: {covariance: diagonal}": "GaussianNB naive_bayes",
        "gaussian_classifier: {covariance: shared}": "LinearDiscriminantAnalysis lda",
        "knn": "KNeighborsClassifier KNeighborsRegressor k_nearest_neighbors nearest_neighbors",
        "least_squares": "LinearRegression ols linear",
    },
    "data source": {
        "blobs": "make_blobs",
        "circles": "make_circles",
        "cifar10": "cifar",
        "csv": "tabular table dataframe pandas read_csv tsv excel",
        "digits": "load_digits",
        "fashion_mnist": "fmnist",
        "friedman": "make_friedman1",
        "image_folder": "image_dataset_from_directory images flow_from_directory",
        "moons": "make_moons",
        "npz": "numpy npy arrays TensorDataset",
    },
    "initializer": {
        "he": "kaiming kaiming_normal he_normal msra",
        "he: {distribution: uniform}": "kaiming_uniform he_uniform",
        "lecun": "lecun_normal",
        "lecun: {distribution: uniform}": "lecun_uniform",
        "normal": "random_normal gaussian",
        "orthogonal": "ortho",
        "uniform": "random_uniform",
        "xavier": "glorot glorot_normal xavier_normal",
        "xavier: {distribution: uniform}": "glorot_uniform xavier_uniform",
        "zeros": "zero",
    },
    "layer": {
        "average_pool": "AvgPool2d AveragePooling2D avg_pool avgpool average_pooling mean_pool",
        "batch_norm": "BatchNorm1d BatchNorm2d BatchNormalization bn",
        "conv2d": "conv Convolution2D convolution",
        "dense": "Linear fc fully_connected LazyLinear affine",
        "dropout": "drop",
        "flatten": "reshape view",
        "gaussian_noise": "noise",
        "global_average_pool": "GlobalAveragePooling2D AdaptiveAvgPool2d global_avg_pool gap",
        "group_norm": "GroupNormalization gn",
        "layer_norm": "LayerNormalization ln",
        "max_pool": "MaxPool2d MaxPooling2D max_pooling",
        "parallel": "concat concatenate branch",
        "product": "multiply",
        "residual_block": "ResBlock BasicBlock shortcut add",
        "output": "logits head classifier",
    },
    "loss": {
        "absolute_error": "mae l1 l1_loss mean_absolute_error",
        "binary_cross_entropy": "bce bce_loss bce_with_logits BCEWithLogitsLoss sigmoid_cross_entropy",
        "cross_entropy": "nll nll_loss CrossEntropyLoss categorical_crossentropy sparse_categorical_crossentropy ce "
        "log_loss softmax_cross_entropy negative_log_likelihood",
        "hinge": "hinge_loss svm categorical_hinge",
        "huber": "smooth_l1 smooth_l1_loss huber_loss",
        "kl_divergence": "kl kld KLDivLoss kullback_leibler",
        "log_cosh": "log_cosh_loss",
        "squared_error": "mse mse_loss mean_squared_error l2 l2_loss squared_loss quadratic least_squares",
    },
    "metric": {
        "accuracy": "acc categorical_accuracy sparse_categorical_accuracy accuracy_score",
        "average_precision": "auprc pr_auc auc_pr average_precision_score",
        "balanced_accuracy": "bal_acc balanced_accuracy_score",
        "calibration_error": "ece expected_calibration_error",
        "exact_match": "subset_accuracy",
        "f1": "f1_score fscore",
        "log_loss": "neg_log_loss",
        "macro_f1": "f1_macro macro_f1_score",
        "mae": "mean_absolute_error neg_mean_absolute_error",
        "r2": "r2_score r_squared",
        "recall": "sensitivity tpr recall_score",
        "precision": "precision_score ppv",
        "rmse": "root_mean_squared_error neg_root_mean_squared_error",
        "roc_auc": "auc auroc roc_auc_score",
    },
    "normalization": {
        "center": "mean demean",
        "min_max": "MinMaxScaler rescale rescaling range",
        "none": "off identity passthrough",
        "standard": "zscore z_score StandardScaler standardize standardise normalize Normalization true",
    },
    "optimizer": {
        "adamw": "AdamWeightDecay",
        "lbfgs": "l_bfgs_b",
        "momentum": "sgd_momentum heavy_ball sgdm",
        "nesterov": "nag sgd_nesterov nesterov_momentum",
        "rmsprop": "rms",
        "sgd": "gd gradient_descent stochastic_gradient_descent vanilla",
    },
    "penalty": {
        "l1": "lasso l1_reg",
        "l2": "ridge weight_decay l2_reg tikhonov",
        "max_norm": "max_norm_constraint",
    },
    "schedule": {
        "constant": "none fixed",
        "cosine": "CosineAnnealingLR CosineDecay cosine_annealing CosineAnnealingWarmRestarts warm_restarts",
        "exponential": "ExponentialLR ExponentialDecay exp exponential_decay",
        "inverse_sqrt": "noam rsqrt inverse_square_root invscaling",
        "inverse_time": "InverseTimeDecay",
        "linear": "LinearLR linear_decay",
        "one_cycle": "OneCycleLR",
        "piecewise": "MultiStepLR PiecewiseConstantDecay multistep milestones",
        "plateau": "ReduceLROnPlateau reduce_on_plateau adaptive",
        "polynomial": "PolynomialLR PolynomialDecay poly",
        "step": "StepLR step_decay staircase",
    },
    "target": {
        "inputs": "reconstruction autoencoder x self",
        "tasks": "multi_task multitask",
    },
}
"""By the kind of component. A name with a parameter is what to write where ours has the other default."""

KEY_ALIASES: Mapping[str, str] = {
    "activation": "act activation_fn activation_function nonlinearity",
    "architecture": "model network net layers hidden_layers arch",
    "architecture.mlp.hidden": "hidden_layer_sizes hidden_sizes hidden_dims hidden_size num_layers n_layers",
    "augment": "augmentation augmentations transforms transform",
    "batch_size": "batch bs minibatch_size mini_batch_size train_batch_size",
    "beta": "momentum mu",
    "beta1": "betas b1",
    "beta2": "b2",
    "base": "gamma decay_rate",
    "boundaries": "milestones",
    "classes": "num_classes n_classes class_names",
    "clip_norm": "clipnorm gradient_clip_val max_grad_norm grad_clip gradient_clip gradient_clipping clip "
    "clip_grad_norm global_clipnorm",
    "clip_value": "clipvalue clip_grad_value",
    "color": "color_mode mode channels",
    "cycles": "num_cycles n_cycles",
    "data": "dataset datasets datamodule",
    "decay": "weight_decay wd decay_rate",
    "delta": "beta",
    "dev": "val valid validation val_size dev_size validation_split val_split validation_fraction",
    "drop": "drop_columns ignore exclude",
    "dtype": "precision",
    "early_stopping": "earlystop",
    "epochs": "epoch max_epochs num_epochs n_epochs nb_epoch num_train_epochs max_iter",
    "epsilon": "eps",
    "eps": "epsilon",
    "every": "step_size",
    "examples": "n_samples num_samples samples n",
    "factor": "gamma",
    "features": "n_features num_features columns",
    "filters": "out_channels channels num_filters n_filters",
    "final": "eta_min min_lr end_factor final_lr",
    "folds": "k n_splits num_folds",
    "freeze": "frozen trainable requires_grad",
    "groups": "num_groups",
    "hidden": "hidden_sizes hidden_layer_sizes hidden_dims hidden_units hidden_size layers units num_layers n_layers",
    "init": "initializer initialization initialisation kernel_initializer weight_init",
    "k": "n_neighbors neighbors",
    "k_fold": "kfold folds cv n_splits cross_validation",
    "kernel": "kernel_size filter_size ksize size",
    "label_smoothing": "smoothing",
    "least": "min_lr",
    "loss": "criterion objective loss_fn loss_function",
    "lr": "learning_rate lrate learn_rate learning_rate_init eta eta0 base_lr init_lr step_size alpha",
    "memory": "history_size",
    "metric": "monitor",
    "min_delta": "tol threshold",
    "missing": "fillna impute",
    "noise": "sigma",
    "normalize": "normalization normalisation scaler preprocessing standardize scale",
    "optimizer": "optim optimiser solver",
    "path": "file filename file_path data_path root dir folder data_dir filepath",
    "patience": "n_iter_no_change",
    "rate": "p prob probability drop_rate dropout_rate drop_prob",
    "regularization": "regularizer regularisation penalty penalties",
    "regularization.l1": "l1_penalty l1_reg lambda_l1 l1_lambda",
    "regularization.l2": "weight_decay wd l2_penalty l2_reg lambda reg alpha kernel_regularizer l2_lambda lambda_l2",
    "restore_best": "restore_best_weights load_best_model_at_end",
    "rho": "alpha beta2 decay_rate",
    "schedule": "scheduler lr_scheduler lr_schedule learning_rate_schedule",
    "seed": "random_state random_seed manual_seed rng seed_everything",
    "separator": "sep delimiter",
    "size": "pool_size kernel_size window image_size img_size",
    "slope": "negative_slope alpha",
    "source": "dataset name",
    "split": "splits",
    "spread": "cluster_std",
    "std": "stddev sigma scale",
    "strength": "weight lambda alpha",
    "stride": "strides",
    "target": "label labels y target_column label_column targets",
    "test": "test_size test_split",
    "threads": "num_threads n_jobs num_workers",
    "train": "train_size train_split",
    "training": "trainer train fit",
    "units": "out_features n_units num_units hidden_size output_dim width neurons size",
    "warmup_epochs": "warmup warmup_steps num_warmup_steps",
}
"""By our key: its last word, or more where only one place is meant."""

PART_ALIASES: Mapping[str, str] = {"train": "training", "dev": "val valid validation", "test": "eval"}
"""By our name of the part of the data that a metric is measured on."""


def fold_name(name: str) -> str:
    """A name without what libraries write differently.

    >>> fold_name("BatchNorm2d"), fold_name("batch_norm-2d")
    ('batchnorm2d', 'batchnorm2d')
    """
    return re.sub(r"[\s_-]", "", name).casefold()


def find_ours(name: str, aliases: Mapping[str, str]) -> list[str]:
    """Our names for what another library calls `name`.

    >>> find_ours("MSELoss", COMPONENT_ALIASES["loss"]), find_ours("kernel_size", KEY_ALIASES)
    (['squared_error'], ['kernel', 'size'])
    """
    folded = fold_name(name)
    return [ours for ours, theirs in aliases.items() if folded in map(fold_name, [_get_head(ours), *theirs.split()])]


def find_component(name: str, kinds: Iterable[str]) -> str | None:
    """What to write for a component that another library calls `name`, where it is of one of these kinds."""
    for kind in kinds:
        for ours in find_ours(name, COMPONENT_ALIASES[kind]):
            return ours
    return None


def find_metric_name(name: str) -> str:
    """Our name for a metric such as val_acc; the name itself where no other is known.

    >>> find_metric_name("val_acc"), find_metric_name("valid_f1_macro"), find_metric_name("dev_loss")
    ('dev_accuracy', 'dev_macro_f1', 'dev_loss')
    """
    part, _, metric = name.partition("_")
    parts = find_ours(part, PART_ALIASES)
    if not parts:
        return find_component(name, ["metric"]) or name
    return f"{parts[0]}_{find_component(metric, ['metric']) or metric}"


def suggest_metric(name: str, known: Iterable[str]) -> str:
    """A suggestion: the known metric that another library calls `name`, or that is like it, or all that are known.

    >>> suggest_metric("val_acc", ["train_loss", "dev_accuracy"])
    "did you mean 'dev_accuracy'?"
    """
    known = list(known)
    for ours in (find_metric_name(name), f"dev_{find_metric_name(name)}"):
        if ours in known:
            return f"did you mean {ours!r}?"
    return suggest_nearest(name, known)


def _get_head(ours: str) -> str:
    """The name alone of a component that is written with a parameter."""
    return ours.partition(":")[0]
